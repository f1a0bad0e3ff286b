resource "azurerm_postgresql_flexible_server" "good" {
  name                         = "good-server"
  location                     = "westeurope"
  resource_group_name          = "books"
  geo_redundant_backup_enabled = true
  tags                         = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "good_replica" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "good_replica__copy" {
  name                = "good-copy"
  location            = "northeurope"
  resource_group_name = "books"
  create_mode         = "Replica"
  source_server_id    = azurerm_postgresql_flexible_server.good_replica.id
}

resource "azurerm_postgresql_flexible_server" "bad_here" {
  name                         = "bad_here-server"
  location                     = "westeurope"
  resource_group_name          = "books"
  geo_redundant_backup_enabled = false
  tags                         = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "unknown_copy" {
  name                         = "unknown_copy-server"
  location                     = "westeurope"
  resource_group_name          = "books"
  geo_redundant_backup_enabled = terraform_data.later.output
  tags                         = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "other_slow" {
  name                         = "other_slow-server"
  location                     = "westeurope"
  resource_group_name          = "books"
  geo_redundant_backup_enabled = false
  tags                         = { service = "budget" }
}

resource "azurerm_postgresql_flexible_server" "other_replica" {
  name                         = "other_replica-server"
  location                     = "westeurope"
  resource_group_name          = "books"
  geo_redundant_backup_enabled = false
  create_mode                  = "Replica"
  tags                         = { service = "database" }
}

resource "terraform_data" "later" {
  input = true
}

resource "azurerm_postgresql_flexible_server" "bad_same" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "bad_same__copy" {
  name                = "good-copy"
  location            = "westeurope"
  resource_group_name = "books"
  create_mode         = "Replica"
  source_server_id    = azurerm_postgresql_flexible_server.bad_same.id
}
