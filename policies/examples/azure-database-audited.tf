resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "good" {
  for_each = {
    "log_connections"          = "on"
    "pgaudit.log"              = "ddl,role"
    "shared_preload_libraries" = "pgaudit"
  }

  server_id = azurerm_postgresql_flexible_server.good.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "good" {
  name                       = "good-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.good.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_nameless" {
  name                = "bad_nameless-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_nameless" {
  for_each = {
    "log_connections"          = "off"
    "pgaudit.log"              = "ddl,role"
    "shared_preload_libraries" = "pgaudit"
  }

  server_id = azurerm_postgresql_flexible_server.bad_nameless.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "bad_nameless" {
  name                       = "bad_nameless-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.bad_nameless.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_unaudited" {
  name                = "bad_unaudited-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_unaudited" {
  for_each = {
    "log_connections" = "on"
    "log_statement"   = "ddl,role"
  }

  server_id = azurerm_postgresql_flexible_server.bad_unaudited.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "bad_unaudited" {
  name                       = "bad_unaudited-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.bad_unaudited.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_stays" {
  name                = "bad_stays-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_stays" {
  for_each = {
    "log_connections"          = "on"
    "pgaudit.log"              = "ddl,role"
    "shared_preload_libraries" = "pgaudit"
  }

  server_id = azurerm_postgresql_flexible_server.bad_stays.id
  name      = each.key
  value     = each.value
}

resource "azurerm_postgresql_flexible_server" "unknown_setting" {
  name                = "unknown_setting-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "unknown_setting" {
  for_each = {
    "log_connections"          = terraform_data.later.output
    "pgaudit.log"              = "ddl,role"
    "shared_preload_libraries" = "pgaudit"
  }

  server_id = azurerm_postgresql_flexible_server.unknown_setting.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "unknown_setting" {
  name                       = "unknown_setting-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.unknown_setting.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}

resource "terraform_data" "later" {
  input = "on"
}

resource "azurerm_postgresql_flexible_server" "bad_none" {
  name                = "bad-none-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_none" {
  for_each = {
    "log_connections"          = "on"
    "pgaudit.log"              = "none"
    "shared_preload_libraries" = "pgaudit"
  }

  server_id = azurerm_postgresql_flexible_server.bad_none.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "bad_none" {
  name                       = "bad-none-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.bad_none.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_unloaded" {
  name                = "bad-unloaded-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server_configuration" "bad_unloaded" {
  for_each = {
    "log_connections"          = "on"
    "pgaudit.log"              = "ddl,role"
    "shared_preload_libraries" = "pg_stat_statements"
  }

  server_id = azurerm_postgresql_flexible_server.bad_unloaded.id
  name      = each.key
  value     = each.value
}

resource "azurerm_monitor_diagnostic_setting" "bad_unloaded" {
  name                       = "bad-unloaded-logs"
  target_resource_id         = azurerm_postgresql_flexible_server.bad_unloaded.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "audit"
  }
}
