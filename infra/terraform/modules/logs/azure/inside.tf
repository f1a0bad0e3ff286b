# Who sends to the workspace or searches it stands inside: it is closed to the internet, and this scope is its only door.

resource "azurerm_monitor_private_link_scope" "this" {
  name                  = var.naming.prefix
  resource_group_name   = var.resource_group
  ingestion_access_mode = "PrivateOnly"
  query_access_mode     = "PrivateOnly"
  tags                  = local.tags
}

# Agents fetch here which rules of collection are theirs.
resource "azurerm_monitor_data_collection_endpoint" "this" {
  name                          = var.naming.prefix
  location                      = var.naming.region
  resource_group_name           = var.resource_group
  kind                          = "Linux"
  public_network_access_enabled = false
  tags                          = local.tags
}

resource "azurerm_monitor_private_link_scoped_service" "this" {
  for_each = {
    workspace  = azurerm_log_analytics_workspace.this.id
    collection = azurerm_monitor_data_collection_endpoint.this.id
  }

  name                = "${var.naming.prefix}-${each.key}"
  resource_group_name = var.resource_group
  scope_name          = azurerm_monitor_private_link_scope.this.name
  linked_resource_id  = each.value
}

resource "azurerm_private_endpoint" "monitor" {
  name                = "${var.naming.prefix}-monitor-endpoint"
  location            = var.naming.region
  resource_group_name = var.resource_group
  subnet_id           = var.endpoint.subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "${var.naming.prefix}-monitor"
    private_connection_resource_id = azurerm_monitor_private_link_scope.this.id
    subresource_names              = ["azuremonitor"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "monitor"
    private_dns_zone_ids = concat([var.endpoint.dns_zone_id], var.monitor_zone_ids)
  }

  depends_on = [azurerm_monitor_private_link_scoped_service.this]
}
