resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_management_lock" "good" {
  name       = "good-lock"
  scope      = azurerm_postgresql_flexible_server.good.id
  lock_level = "CanNotDelete"
}

resource "azurerm_resource_group" "good_group" {
  name     = "good-group"
  location = "westeurope"
}

resource "azurerm_management_lock" "good_group" {
  name       = "good-lock"
  scope      = azurerm_resource_group.good_group.id
  lock_level = "CanNotDelete"
}

resource "azurerm_postgresql_flexible_server" "good_group" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "good-group"
}

resource "azurerm_postgresql_flexible_server" "unknown_level" {
  name                = "unknown_level-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_management_lock" "unknown_level" {
  name       = "unknown_level-lock"
  scope      = azurerm_postgresql_flexible_server.unknown_level.id
  lock_level = terraform_data.later.output
}

resource "azurerm_postgresql_flexible_server" "bad_bare" {
  name                = "bad-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "terraform_data" "later" {
  input = "CanNotDelete"
}
