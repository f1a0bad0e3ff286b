resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "good" {
  for_each = {
    "ssl_min_protocol_version" = "TLSv1.2"
    "require_secure_transport" = "on"
  }

  server_id = azurerm_postgresql_flexible_server.good.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "good_default" {
  name                = "good_default-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "good_default" {
  for_each = {
    "ssl_min_protocol_version" = "TLSv1.2"
  }

  server_id = azurerm_postgresql_flexible_server.good_default.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "bad_old" {
  name                = "bad_old-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_old" {
  for_each = {
    "ssl_min_protocol_version" = "TLSv1"
    "require_secure_transport" = "on"
  }

  server_id = azurerm_postgresql_flexible_server.bad_old.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "bad_plain" {
  name                = "bad_plain-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_plain" {
  for_each = {
    "ssl_min_protocol_version" = "TLSv1.2"
    "require_secure_transport" = "off"
  }

  server_id = azurerm_postgresql_flexible_server.bad_plain.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "unknown_floor" {
  name                = "unknown_floor-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "unknown_floor" {
  for_each = {
    "ssl_min_protocol_version" = terraform_data.later.output
    "require_secure_transport" = "on"
  }

  server_id = azurerm_postgresql_flexible_server.unknown_floor.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "bad_bare" {
  name                = "bad-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "terraform_data" "later" {
  input = "TLSv1.2"
}
