resource "azurerm_key_vault" "good" {
  name                       = "good-vault"
  location                   = "westeurope"
  resource_group_name        = "books"
  sku_name                   = "premium"
  tenant_id                  = "90000000-0000-4000-8000-000000000009"
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
}

resource "azurerm_key_vault" "bad_purged" {
  name                       = "bad_purged-vault"
  location                   = "westeurope"
  resource_group_name        = "books"
  sku_name                   = "premium"
  tenant_id                  = "90000000-0000-4000-8000-000000000009"
  purge_protection_enabled   = false
  soft_delete_retention_days = 90
}

resource "azurerm_key_vault" "bad_short" {
  name                       = "bad_short-vault"
  location                   = "westeurope"
  resource_group_name        = "books"
  sku_name                   = "premium"
  tenant_id                  = "90000000-0000-4000-8000-000000000009"
  purge_protection_enabled   = true
  soft_delete_retention_days = 7
}

resource "azurerm_key_vault" "unknown_purge" {
  name                       = "unknown_purge-vault"
  location                   = "westeurope"
  resource_group_name        = "books"
  sku_name                   = "premium"
  tenant_id                  = "90000000-0000-4000-8000-000000000009"
  purge_protection_enabled   = terraform_data.later.output
  soft_delete_retention_days = 90
}

resource "terraform_data" "later" {
  input = true
}
