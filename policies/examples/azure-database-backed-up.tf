resource "azurerm_postgresql_flexible_server" "good" {
  name                  = "good-server"
  location              = "westeurope"
  resource_group_name   = "books"
  backup_retention_days = 35
}

resource "azurerm_postgresql_flexible_server" "bad_short" {
  name                  = "bad_short-server"
  location              = "westeurope"
  resource_group_name   = "books"
  backup_retention_days = 7
}

resource "azurerm_postgresql_flexible_server" "unknown_days" {
  name                  = "unknown_days-server"
  location              = "westeurope"
  resource_group_name   = "books"
  backup_retention_days = terraform_data.later.output
}

resource "azurerm_postgresql_flexible_server" "unknown_default" {
  name                = "unknown_default-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "terraform_data" "later" {
  input = 35
}
