# Images come from a registry of our own: inside the network, by identity, under the key for data.

resource "azurerm_container_registry" "this" {
  name                          = "${var.naming.compact}images"
  location                      = var.naming.region
  resource_group_name           = var.resource_group
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
  export_policy_enabled         = false
  data_endpoint_enabled         = true
  zone_redundancy_enabled       = true
  retention_policy_in_days      = 90
  network_rule_bypass_option    = "AzureServices"
  tags                          = local.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.key.identity_id]
  }

  encryption {
    key_vault_key_id   = var.key.key_id
    identity_client_id = var.key.client_id
  }
}

resource "azurerm_private_endpoint" "images" {
  name                = "${azurerm_container_registry.this.name}-endpoint"
  location            = var.naming.region
  resource_group_name = var.resource_group
  subnet_id           = var.endpoint.subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = azurerm_container_registry.this.name
    private_connection_resource_id = azurerm_container_registry.this.id
    subresource_names              = ["registry"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "images"
    private_dns_zone_ids = [var.endpoint.dns_zone_id]
  }
}

resource "azurerm_role_assignment" "images" {
  scope                = azurerm_container_registry.this.id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.this["nodes"].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_monitor_diagnostic_setting" "images" {
  name                       = "audit"
  target_resource_id         = azurerm_container_registry.this.id
  log_analytics_workspace_id = var.workspace_id

  enabled_log {
    category_group = "audit"
  }
}
