resource "azurerm_container_registry" "good" {
  name                          = "goodregistry"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
}

resource "azurerm_container_registry" "bad_password" {
  name                          = "goodregistry"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku                           = "Premium"
  admin_enabled                 = true
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
}

resource "azurerm_container_registry" "bad_anybody" {
  name                          = "goodregistry"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = true
  public_network_access_enabled = false
}

resource "azurerm_container_registry" "bad_public" {
  name                          = "goodregistry"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = true
}

resource "azurerm_container_registry" "bad_default" {
  name                   = "goodregistry"
  location               = "westeurope"
  resource_group_name    = "books"
  sku                    = "Premium"
  admin_enabled          = false
  anonymous_pull_enabled = false
}

resource "azurerm_container_registry" "unknown_password" {
  name                          = "goodregistry"
  location                      = "westeurope"
  resource_group_name           = "books"
  sku                           = "Premium"
  admin_enabled                 = terraform_data.later.output
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
}

resource "terraform_data" "later" {
  input = false
}
