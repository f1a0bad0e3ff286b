resource "azurerm_storage_account" "good" {
  name                      = "books"
  location                  = "westeurope"
  resource_group_name       = "books"
  account_tier              = "Standard"
  account_replication_type  = "ZRS"
  shared_access_key_enabled = false
  local_user_enabled        = false
}

resource "azurerm_storage_account" "bad_shared" {
  name                      = "books"
  location                  = "westeurope"
  resource_group_name       = "books"
  account_tier              = "Standard"
  account_replication_type  = "ZRS"
  shared_access_key_enabled = true
  local_user_enabled        = false
}

resource "azurerm_storage_account" "bad_users" {
  name                      = "books"
  location                  = "westeurope"
  resource_group_name       = "books"
  account_tier              = "Standard"
  account_replication_type  = "ZRS"
  shared_access_key_enabled = false
  local_user_enabled        = true
}

resource "azurerm_storage_account" "bad_default" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  local_user_enabled       = false
}

resource "azurerm_storage_account" "bad_default_users" {
  name                      = "books"
  location                  = "westeurope"
  resource_group_name       = "books"
  account_tier              = "Standard"
  account_replication_type  = "ZRS"
  shared_access_key_enabled = false
}

resource "azurerm_storage_account" "unknown_shared" {
  name                      = "books"
  location                  = "westeurope"
  resource_group_name       = "books"
  account_tier              = "Standard"
  account_replication_type  = "ZRS"
  shared_access_key_enabled = terraform_data.later.output
  local_user_enabled        = false
}

resource "terraform_data" "later" {
  input = false
}
