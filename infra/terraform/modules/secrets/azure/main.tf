# The home for secrets: empty here, filled by the platform's own rotation, so that no value is in code or state. The cloud
# itself keeps a copy in the paired region; what nears its end, and what ended, is told to the platform.

locals {
  name = "${var.naming.brief}-secrets"
  tags = merge(var.naming.tags.secrets, { rotation_days = tostring(var.settings.rotation_days) })
}

resource "azurerm_key_vault" "this" {
  name                          = local.name
  location                      = var.naming.region
  resource_group_name           = var.resource_group
  tenant_id                     = var.directory
  sku_name                      = "premium"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = var.settings.deletion_days
  public_network_access_enabled = false
  tags                          = local.tags

  network_acls {
    default_action = "Deny"
    bypass         = "AzureServices"
  }
}

resource "azurerm_private_endpoint" "this" {
  name                = "${local.name}-endpoint"
  location            = var.naming.region
  resource_group_name = var.resource_group
  subnet_id           = var.endpoint.subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = local.name
    private_connection_resource_id = azurerm_key_vault.this.id
    subresource_names              = ["vault"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "vaults"
    private_dns_zone_ids = [var.endpoint.dns_zone_id]
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_key_vault.this.id
  log_analytics_workspace_id = var.workspace_id

  enabled_log {
    category_group = "audit"
  }
}

resource "azurerm_eventgrid_system_topic" "this" {
  name                = local.name
  location            = var.naming.region
  resource_group_name = var.resource_group
  source_resource_id  = azurerm_key_vault.this.id
  topic_type          = "Microsoft.KeyVault.vaults"
  tags                = local.tags

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_storage_queue" "due" {
  name               = "secrets-due"
  storage_account_id = var.queue_storage_id
}

resource "azurerm_role_assignment" "due" {
  scope                = var.queue_storage_id
  role_definition_name = "Storage Queue Data Message Sender"
  principal_id         = azurerm_eventgrid_system_topic.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_eventgrid_system_topic_event_subscription" "due" {
  name                = "secrets-due"
  resource_group_name = var.resource_group
  system_topic        = azurerm_eventgrid_system_topic.this.name
  included_event_types = [
    "Microsoft.KeyVault.SecretNewVersionCreated", "Microsoft.KeyVault.SecretNearExpiry", "Microsoft.KeyVault.SecretExpired",
  ]

  storage_queue_endpoint {
    storage_account_id = var.queue_storage_id
    queue_name         = azurerm_storage_queue.due.name
  }

  delivery_identity {
    type = "SystemAssigned"
  }

  depends_on = [azurerm_role_assignment.due]
}

resource "azurerm_management_lock" "this" {
  count = var.settings.deletion_protection ? 1 : 0

  name       = "keep"
  scope      = azurerm_key_vault.this.id
  lock_level = "CanNotDelete"
  notes      = "Services cannot start without their secrets."
}
