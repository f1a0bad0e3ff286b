resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_user_assigned_identity" "bad_forgotten" {
  name                = "bad-forgotten"
  location            = "westeurope"
  resource_group_name = "books"
}
