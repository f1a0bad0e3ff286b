# The record and the backups: a storage account for each, that knows neither keys nor public networks; containers are
# locked for their time, versions are kept, and copies go to the recovery region where that is asked for.

locals {
  days = { record = var.settings.record_days, backups = var.settings.backup_days }
  kept = merge([for place in concat(["here"], var.recovery == null ? [] : ["recovery"]) : {
    for purpose, days in local.days : "${purpose}-${place}" => {
      purpose  = purpose
      days     = days
      place    = place
      name     = "${var.naming.compact}${purpose}${place == "here" ? "" : "r"}"
      region   = place == "here" ? var.naming.region : var.naming.recovery_region
      group    = place == "here" ? var.resource_group : var.recovery.resource_group
      key      = place == "here" ? var.key : var.recovery.key
      endpoint = place == "here" ? var.endpoint : var.recovery.endpoint
    }
  }]...)
}

resource "azurerm_storage_account" "this" {
  for_each = local.kept

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
  tags                              = merge(var.naming.tags[each.value.purpose], { purpose = each.value.purpose })

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
    bypass         = ["AzureServices"]
  }

  blob_properties {
    versioning_enabled            = true
    change_feed_enabled           = true
    change_feed_retention_in_days = each.value.days

    delete_retention_policy {
      days = min(365, max(7, each.value.days))
    }

    container_delete_retention_policy {
      days = min(365, max(7, each.value.days))
    }
  }

  sas_policy {
    expiration_period = "00.01:00:00"
    expiration_action = "Block"
  }
}

resource "azurerm_storage_container" "this" {
  for_each = local.kept

  name                  = each.value.purpose
  storage_account_id    = azurerm_storage_account.this[each.key].id
  container_access_type = "private"
}

resource "azurerm_storage_container_immutability_policy" "this" {
  for_each = local.kept

  storage_container_resource_manager_id = azurerm_storage_container.this[each.key].id
  immutability_period_in_days           = each.value.days
  locked                                = var.settings.lock == "compliance"
  protected_append_writes_all_enabled   = false
}

resource "azurerm_storage_management_policy" "this" {
  for_each = local.kept

  storage_account_id = azurerm_storage_account.this[each.key].id

  rule {
    name    = "end-of-life"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      dynamic "base_blob" {
        for_each = each.value.purpose == "backups" ? [each.value.days] : []

        content {
          delete_after_days_since_creation_greater_than = base_blob.value
        }
      }

      version {
        delete_after_days_since_creation = each.value.days
      }
    }
  }
}

resource "azurerm_storage_object_replication" "this" {
  for_each = var.recovery == null ? {} : local.days

  source_storage_account_id      = azurerm_storage_account.this["${each.key}-here"].id
  destination_storage_account_id = azurerm_storage_account.this["${each.key}-recovery"].id

  rules {
    source_container_name      = azurerm_storage_container.this["${each.key}-here"].name
    destination_container_name = azurerm_storage_container.this["${each.key}-recovery"].name
    copy_blobs_created_after   = "Everything"
  }
}

resource "azurerm_private_endpoint" "this" {
  for_each = local.kept

  name                = "${each.value.name}-endpoint"
  location            = each.value.region
  resource_group_name = each.value.group
  subnet_id           = each.value.endpoint.subnet_id
  tags                = var.naming.tags[each.value.purpose]

  private_service_connection {
    name                           = each.value.name
    private_connection_resource_id = azurerm_storage_account.this[each.key].id
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "objects"
    private_dns_zone_ids = [each.value.endpoint.dns_zone_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.kept

  name                       = "access"
  target_resource_id         = "${azurerm_storage_account.this[each.key].id}/blobServices/default"
  log_analytics_workspace_id = var.workspace_id

  dynamic "enabled_log" {
    for_each = ["StorageRead", "StorageWrite", "StorageDelete"]

    content {
      category = enabled_log.value
    }
  }
}
