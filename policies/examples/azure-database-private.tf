resource "azurerm_postgresql_flexible_server" "good" {
  name                          = "good-server"
  location                      = "westeurope"
  resource_group_name           = "books"
  public_network_access_enabled = false
  delegated_subnet_id           = "subnet"
}

resource "azurerm_postgresql_flexible_server" "good_endpoint" {
  name                          = "good-server"
  location                      = "westeurope"
  resource_group_name           = "books"
  public_network_access_enabled = false
}

resource "azurerm_private_endpoint" "good_endpoint" {
  name                = "good-endpoint"
  location            = "westeurope"
  resource_group_name = "books"
  subnet_id           = "subnet"

  private_service_connection {
    name                           = "database"
    is_manual_connection           = false
    private_connection_resource_id = azurerm_postgresql_flexible_server.good_endpoint.id
    subresource_names              = ["postgresqlServer"]
  }
}

resource "azurerm_postgresql_flexible_server" "bad_public" {
  name                          = "bad_public-server"
  location                      = "westeurope"
  resource_group_name           = "books"
  public_network_access_enabled = true
  delegated_subnet_id           = "subnet"
}

resource "azurerm_postgresql_flexible_server" "bad_default" {
  name                = "bad_default-server"
  location            = "westeurope"
  resource_group_name = "books"
  delegated_subnet_id = "subnet"
}

resource "azurerm_postgresql_flexible_server" "bad_nowhere" {
  name                          = "bad_nowhere-server"
  location                      = "westeurope"
  resource_group_name           = "books"
  public_network_access_enabled = false
}

resource "azurerm_postgresql_flexible_server" "unknown_public" {
  name                          = "unknown_public-server"
  location                      = "westeurope"
  resource_group_name           = "books"
  public_network_access_enabled = terraform_data.later.output
  delegated_subnet_id           = "subnet"
}

resource "terraform_data" "later" {
  input = false
}
