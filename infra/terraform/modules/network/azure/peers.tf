# The database and its replica stand in two networks. These are joined for one purpose: databases reach each other both
# ways, so that they may change places, and services reach whichever of them leads. The walls stop all else.

locals {
  across = var.peer == null ? {} : merge(
    { for segment in ["services", "data"] : "data-in-peer-${segment}" => {
      segment = "data", direction = "Inbound", from = var.peer.ranges[segment], to = local.ranges.data
    } if contains(keys(var.peer.ranges), segment) },
    { for segment in ["services", "data"] : "${segment}-out-peer-data" => {
      segment = segment, direction = "Outbound", from = local.ranges[segment], to = var.peer.ranges.data
    } if contains(local.segments, segment) },
  )
}

resource "azurerm_virtual_network_peering" "this" {
  count = var.peer == null ? 0 : 1

  name                         = "${local.name}-peer"
  resource_group_name          = var.resource_group
  virtual_network_name         = azurerm_virtual_network.this.name
  remote_virtual_network_id    = var.peer.network_id
  allow_virtual_network_access = true
  allow_forwarded_traffic      = false
  allow_gateway_transit        = false
  use_remote_gateways          = false
}

# A network takes one zone of a name only: the other names are the same in both networks, each has its own.
resource "azurerm_private_dns_zone_virtual_network_link" "peer" {
  count = var.peer == null ? 0 : 1

  name                  = "${local.name}-database-peer"
  resource_group_name   = var.resource_group
  private_dns_zone_name = azurerm_private_dns_zone.this["database"].name
  virtual_network_id    = var.peer.network_id
  registration_enabled  = false
  tags                  = local.tags
}

# Behind the numbers of walls.tf, before the last rule.
resource "azurerm_network_security_rule" "across" {
  for_each = local.across

  name                        = each.key
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.this[each.value.segment].name
  priority                    = 2000 + 10 * index(sort(keys(local.across)), each.key)
  direction                   = each.value.direction
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "5432"
  source_address_prefix       = each.value.from
  destination_address_prefix  = each.value.to
}
