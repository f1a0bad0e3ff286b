# One key for each purpose, in a vault that no public network reaches and that nobody can purge. Each purpose has an
# identity, and only that identity may use its key.

locals {
  purposes = jsondecode(file("${path.module}/../purposes.json"))
  vaults = merge(
    { here = { name = "${var.naming.brief}-keys", group = var.resource_group, region = var.naming.region } },
    var.recovery == null ? {} : {
      recovery = { name = "${var.naming.brief}-keys-r", group = var.recovery.resource_group, region = var.naming.recovery_region }
    },
  )
  endpoints = merge({ here = var.endpoint }, var.recovery == null ? {} : { recovery = var.recovery.endpoint })
  kept = merge([for place, vault in local.vaults : {
    for purpose, key in local.purposes : "${purpose}-${place}" => merge(key, { purpose = purpose, place = place })
    if place == "here" || key.recovers
  }]...)
}

resource "azurerm_key_vault" "this" {
  for_each = local.vaults

  name                          = each.value.name
  location                      = each.value.region
  resource_group_name           = each.value.group
  tenant_id                     = var.directory
  sku_name                      = var.settings.hsm ? "premium" : "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = max(7, var.settings.deletion_days)
  public_network_access_enabled = false
  tags                          = var.naming.tags.keys

  network_acls {
    default_action = "Deny"
    bypass         = "AzureServices"
  }
}

resource "azurerm_private_endpoint" "this" {
  for_each = local.vaults

  name                = "${each.value.name}-endpoint"
  location            = each.value.region
  resource_group_name = each.value.group
  subnet_id           = local.endpoints[each.key].subnet_id
  tags                = var.naming.tags.keys

  private_service_connection {
    name                           = each.value.name
    private_connection_resource_id = azurerm_key_vault.this[each.key].id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vaults"
    private_dns_zone_ids = [local.endpoints[each.key].dns_zone_id]
  }
}

resource "azurerm_key_vault_key" "this" {
  for_each = local.kept

  name         = each.value.purpose
  key_vault_id = azurerm_key_vault.this[each.value.place].id
  key_type     = var.settings.hsm ? "RSA-HSM" : "RSA"
  key_size     = 3072
  key_opts     = each.value.purpose == "secrets" ? ["decrypt", "encrypt", "unwrapKey", "wrapKey"] : ["unwrapKey", "wrapKey"]
  tags         = merge(var.naming.tags.keys, { purpose = each.value.purpose })

  rotation_policy {
    expire_after         = "P${2 * var.settings.rotation_days}D"
    notify_before_expiry = "P30D"

    automatic {
      time_after_creation = "P${var.settings.rotation_days}D"
    }
  }

  depends_on = [azurerm_private_endpoint.this]
}

resource "azurerm_user_assigned_identity" "this" {
  for_each = local.kept

  name                = "${var.naming.prefix}-${each.key}"
  location            = local.vaults[each.value.place].region
  resource_group_name = local.vaults[each.value.place].group
  tags                = merge(var.naming.tags.keys, { purpose = each.value.purpose })
}

resource "azurerm_role_assignment" "use" {
  for_each = local.kept

  scope                = azurerm_key_vault_key.this[each.key].resource_versionless_id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.this[each.key].principal_id
  principal_type       = "ServicePrincipal"
  description          = "Wraps and unwraps for ${each.value.what}."
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.vaults

  name                       = "audit"
  target_resource_id         = azurerm_key_vault.this[each.key].id
  log_analytics_workspace_id = var.workspace_id

  enabled_log {
    category_group = "audit"
  }

  enabled_log {
    category_group = "allLogs"
  }
}

resource "azurerm_management_lock" "this" {
  for_each = var.settings.deletion_protection ? local.vaults : {}

  name       = "keep"
  scope      = azurerm_key_vault.this[each.key].id
  lock_level = "CanNotDelete"
  notes      = "What these keys encrypted is gone with them."
}
