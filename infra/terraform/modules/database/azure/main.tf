# The database: a synchronous standby in another zone, the customer's key, TLS only, no address outside, people and
# workloads of the directory instead of passwords, backups to any second, a replica in the recovery region.

locals {
  places = merge(
    { here = {
      name    = var.naming.prefix, group = var.resource_group, region = var.naming.region, key = var.key,
      network = var.network
    } },
    var.recovery == null ? {} : { recovery = {
      name    = "${var.naming.prefix}-recovery", group = var.recovery.resource_group, region = var.naming.recovery_region,
      key     = var.recovery.key,
      network = var.recovery.network
    } },
  )
  servers = merge({ here = azurerm_postgresql_flexible_server.this.id },
  { for server in azurerm_postgresql_flexible_server.replica : "recovery" => server.id })

  # No statement is logged but those that change tables: others carry values of customers.
  parameters = {
    "require_secure_transport"   = "on"
    "ssl_min_protocol_version"   = "TLSv1.2"
    "azure.extensions"           = "PGAUDIT,PG_STAT_STATEMENTS"
    "shared_preload_libraries"   = "pgaudit,pg_stat_statements"
    "pgaudit.log"                = "ddl,role"
    "log_connections"            = "on"
    "log_disconnections"         = "on"
    "log_checkpoints"            = "on"
    "log_statement"              = "ddl"
    "log_min_duration_statement" = "-1"
    "connection_throttle.enable" = "on"
  }
  set = merge([for place in keys(local.places) : {
    for name, value in local.parameters : "${place}-${name}" => { place = place, name = name, value = value }
  }]...)
}

resource "azurerm_postgresql_flexible_server" "this" {
  name                          = var.naming.prefix
  location                      = var.naming.region
  resource_group_name           = var.resource_group
  version                       = var.settings.version
  sku_name                      = var.size
  storage_mb                    = var.settings.storage_gb * 1024
  auto_grow_enabled             = true
  zone                          = "1"
  delegated_subnet_id           = var.network.subnet_id
  private_dns_zone_id           = var.network.dns_zone_id
  public_network_access_enabled = false
  backup_retention_days         = var.settings.backup_days
  geo_redundant_backup_enabled  = var.settings.replica
  tags                          = var.naming.tags.database

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
    tenant_id                     = var.directory
  }

  dynamic "high_availability" {
    for_each = var.settings.synchronous ? ["2"] : []

    content {
      mode                      = "ZoneRedundant"
      standby_availability_zone = high_availability.value
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [for place in local.places : place.key.identity_id]
  }

  customer_managed_key {
    key_vault_key_id                     = var.key.key_id
    primary_user_assigned_identity_id    = var.key.identity_id
    geo_backup_key_vault_key_id          = try(var.recovery.key.key_id, null)
    geo_backup_user_assigned_identity_id = try(var.recovery.key.identity_id, null)
  }

  maintenance_window {
    day_of_week  = 0
    start_hour   = 2
    start_minute = 30
  }
}

resource "azurerm_postgresql_flexible_server" "replica" {
  count = var.settings.replica ? 1 : 0

  name                          = local.places.recovery.name
  location                      = local.places.recovery.region
  resource_group_name           = local.places.recovery.group
  create_mode                   = "Replica"
  source_server_id              = azurerm_postgresql_flexible_server.this.id
  version                       = var.settings.version
  sku_name                      = var.size
  storage_mb                    = var.settings.storage_gb * 1024
  auto_grow_enabled             = true
  delegated_subnet_id           = local.places.recovery.network.subnet_id
  private_dns_zone_id           = local.places.recovery.network.dns_zone_id
  public_network_access_enabled = false
  backup_retention_days         = var.settings.backup_days
  tags                          = var.naming.tags.database

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
    tenant_id                     = var.directory
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [local.places.recovery.key.identity_id]
  }

  customer_managed_key {
    key_vault_key_id                  = local.places.recovery.key.key_id
    primary_user_assigned_identity_id = local.places.recovery.key.identity_id
  }
}

resource "azurerm_postgresql_flexible_server_configuration" "this" {
  for_each = local.set

  server_id = local.servers[each.value.place]
  name      = each.value.name
  value     = each.value.value
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "this" {
  server_name         = azurerm_postgresql_flexible_server.this.name
  resource_group_name = var.resource_group
  tenant_id           = var.directory
  object_id           = var.administrators
  principal_name      = "${var.naming.prefix}-database-administrators"
  principal_type      = "Group"
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.places

  name                       = "audit"
  target_resource_id         = local.servers[each.key]
  log_analytics_workspace_id = var.workspace_id

  enabled_log {
    category = "PostgreSQLLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}

resource "azurerm_management_lock" "this" {
  for_each = var.settings.deletion_protection ? local.places : {}

  name       = "keep"
  scope      = local.servers[each.key]
  lock_level = "CanNotDelete"
  notes      = "The books are in it."
}
