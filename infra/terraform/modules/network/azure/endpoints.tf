# Names that resolve to private addresses only; the endpoints themselves stand with what they lead to.

locals {
  zones = merge({
    vaults   = "privatelink.vaultcore.azure.net"
    objects  = "privatelink.blob.core.windows.net"
    images   = "privatelink.azurecr.io"
    database = "${local.name}.private.postgres.database.azure.com"
    }, var.recovery ? {} : {
    monitor    = "privatelink.monitor.azure.com"
    workspaces = "privatelink.oms.opinsights.azure.com"
    ingestion  = "privatelink.ods.opinsights.azure.com"
    agents     = "privatelink.agentsvc.azure-automation.net"
  })
}

resource "azurerm_private_dns_zone" "this" {
  for_each = local.zones

  name                = each.value
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "this" {
  for_each = local.zones

  name                  = "${local.name}-${each.key}"
  resource_group_name   = var.resource_group
  private_dns_zone_name = azurerm_private_dns_zone.this[each.key].name
  virtual_network_id    = azurerm_virtual_network.this.id
  registration_enabled  = false
  tags                  = local.tags
}
