resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }

  high_availability {
    mode = "ZoneRedundant"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_same_zone" {
  name                = "bad_same_zone-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }

  high_availability {
    mode = "SameZone"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_alone" {
  name                = "bad_alone-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }
}

resource "azurerm_postgresql_flexible_server" "unknown_mode" {
  name                = "unknown_mode-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "database" }

  high_availability {
    mode = terraform_data.later.output
  }
}

resource "azurerm_postgresql_flexible_server" "other_loses" {
  name                = "other_loses-server"
  location            = "westeurope"
  resource_group_name = "books"
  tags                = { service = "kubernetes" }
}

resource "azurerm_postgresql_flexible_server" "other_replica" {
  name                = "other_replica-server"
  location            = "westeurope"
  resource_group_name = "books"
  create_mode         = "Replica"
  tags                = { service = "database" }
}

resource "terraform_data" "later" {
  input = "ZoneRedundant"
}
