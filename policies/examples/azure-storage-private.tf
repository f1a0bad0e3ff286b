resource "azurerm_storage_account" "good" {
  name                            = "books"
  location                        = "westeurope"
  resource_group_name             = "books"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  allow_nested_items_to_be_public = false
  public_network_access_enabled   = false
}

resource "azurerm_storage_account" "bad_nested" {
  name                            = "books"
  location                        = "westeurope"
  resource_group_name             = "books"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  allow_nested_items_to_be_public = true
  public_network_access_enabled   = false
}

resource "azurerm_storage_account" "bad_public" {
  name                            = "books"
  location                        = "westeurope"
  resource_group_name             = "books"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  allow_nested_items_to_be_public = false
  public_network_access_enabled   = true
}

resource "azurerm_storage_account" "bad_default" {
  name                          = "books"
  location                      = "westeurope"
  resource_group_name           = "books"
  account_tier                  = "Standard"
  account_replication_type      = "ZRS"
  public_network_access_enabled = false
}

resource "azurerm_storage_account" "bad_open" {
  name                            = "books"
  location                        = "westeurope"
  resource_group_name             = "books"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  allow_nested_items_to_be_public = false
}

resource "azurerm_storage_account" "unknown_nested" {
  name                            = "books"
  location                        = "westeurope"
  resource_group_name             = "books"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  allow_nested_items_to_be_public = terraform_data.later.output
  public_network_access_enabled   = false
}

resource "terraform_data" "later" {
  input = false
}
