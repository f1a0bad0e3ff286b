# The log archive: an account whose container nobody can shorten, a workspace for the first weeks, and the activity of the
# whole subscription in both. Flow logs are rewritten while they grow, so they have accounts of their own without a lock.

locals {
  flows = merge({ here = { region = var.naming.region, group = var.resource_group, name = "${var.naming.compact}flows", key = var.key } },
    var.recovery == null ? {} : { recovery = { region = var.naming.recovery_region, group = var.recovery.resource_group,
  name = "${var.naming.compact}flowsr", key = var.recovery.key } })
  accounts = merge({ archive = { region = var.naming.region, group = var.resource_group, name = "${var.naming.compact}logs",
  key = var.key } }, { for place, flow in local.flows : "flows-${place}" => flow })
  tags = var.naming.tags.logs
}

resource "azurerm_log_analytics_workspace" "this" {
  name                         = var.naming.prefix
  location                     = var.naming.region
  resource_group_name          = var.resource_group
  sku                          = "PerGB2018"
  retention_in_days            = var.settings.hot_days
  local_authentication_enabled = false
  internet_ingestion_enabled   = false
  internet_query_enabled       = false
  tags                         = local.tags
}

resource "azurerm_storage_account" "this" {
  for_each = local.accounts

  name                              = each.value.name
  location                          = each.value.region
  resource_group_name               = each.value.group
  account_kind                      = "StorageV2"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  public_network_access_enabled     = false
  allow_nested_items_to_be_public   = false
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  sftp_enabled                      = false
  cross_tenant_replication_enabled  = false
  allowed_copy_scope                = "AAD"
  infrastructure_encryption_enabled = true
  tags                              = merge(local.tags, { purpose = each.key == "archive" ? "logs" : "flows" })

  identity {
    type         = "UserAssigned"
    identity_ids = [each.value.key.identity_id]
  }

  customer_managed_key {
    key_vault_key_id          = each.value.key.key_id
    user_assigned_identity_id = each.value.key.identity_id
  }

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices", "Logging"]
  }

  blob_properties {
    versioning_enabled  = true
    change_feed_enabled = true

    delete_retention_policy {
      days = min(365, max(7, var.settings.archive_days))
    }

    container_delete_retention_policy {
      days = min(365, max(7, var.settings.archive_days))
    }
  }

  sas_policy {
    expiration_period = "00.01:00:00"
    expiration_action = "Block"
  }
}

# Activity is appended hour by hour; what is written can be added to and never changed.
resource "azurerm_storage_container" "archive" {
  name                  = "insights-activity-logs"
  storage_account_id    = azurerm_storage_account.this["archive"].id
  container_access_type = "private"
}

resource "azurerm_storage_container_immutability_policy" "archive" {
  storage_container_resource_manager_id = azurerm_storage_container.archive.id
  immutability_period_in_days           = var.settings.archive_days
  locked                                = var.settings.lock == "compliance"
  protected_append_writes_all_enabled   = true
}

# Of the archive alone: a flow log writes the rules of its own account, by its days, over any that stand there.
resource "azurerm_storage_management_policy" "archive" {
  storage_account_id = azurerm_storage_account.this["archive"].id

  rule {
    name    = "end-of-life"
    enabled = true

    filters {
      blob_types = ["blockBlob", "appendBlob"]
    }

    actions {
      base_blob {
        delete_after_days_since_modification_greater_than = var.settings.archive_days
      }

      version {
        delete_after_days_since_creation = var.settings.archive_days
      }
    }
  }
}

resource "azurerm_private_endpoint" "this" {
  for_each = local.accounts

  name                = "${each.value.name}-endpoint"
  location            = each.value.region
  resource_group_name = each.value.group
  subnet_id           = each.key == "flows-recovery" ? var.recovery.endpoint.subnet_id : var.endpoint.subnet_id
  tags                = var.naming.tags.logs

  private_service_connection {
    name                           = each.value.name
    private_connection_resource_id = azurerm_storage_account.this[each.key].id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "objects"
    private_dns_zone_ids = [each.key == "flows-recovery" ? var.recovery.endpoint.dns_zone_id : var.endpoint.dns_zone_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "activity" {
  name                       = "activity"
  target_resource_id         = "/subscriptions/${var.naming.account}"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id
  storage_account_id         = azurerm_storage_account.this["archive"].id

  dynamic "enabled_log" {
    for_each = ["Administrative", "Security", "Policy", "Alert", "ServiceHealth", "Recommendation", "Autoscale", "ResourceHealth"]

    content {
      category = enabled_log.value
    }
  }

  depends_on = [azurerm_storage_container_immutability_policy.archive]
}

resource "azurerm_monitor_diagnostic_setting" "access" {
  for_each = local.accounts

  name                       = "access"
  target_resource_id         = "${azurerm_storage_account.this[each.key].id}/blobServices/default"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  dynamic "enabled_log" {
    for_each = ["StorageRead", "StorageWrite", "StorageDelete"]

    content {
      category = enabled_log.value
    }
  }
}
