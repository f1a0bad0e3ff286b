# A network in four segments. Only services go out, through a fixed exit; only the edge is reached from outside; data and
# keys have no way out but to what their keeper needs.

locals {
  name     = var.recovery ? "${var.naming.prefix}-recovery" : var.naming.prefix
  region   = var.recovery ? var.naming.recovery_region : var.naming.region
  order    = ["edge", "services", "data", "keys"]
  segments = var.recovery ? ["data", "keys"] : local.order
  ranges   = { for segment in local.segments : segment => cidrsubnet(var.cidr, 2, index(local.order, segment)) }
  tags     = var.naming.tags.network

  # Half of the services' range is for nodes; the cluster's own interface stands in a corner of the other half.
  subnets = merge(
    { for segment, range in local.ranges : segment => {
      segment   = segment
      cidr      = segment == "services" ? cidrsubnet(range, 1, 0) : range
      delegated = segment == "data" ? "Microsoft.DBforPostgreSQL/flexibleServers" : null
    } },
    var.recovery ? {} : { masters = {
      segment   = "services"
      cidr      = cidrsubnet(local.ranges.services, 10, 512)
      delegated = "Microsoft.ContainerService/managedClusters"
    } },
  )
  exits = var.recovery ? [] : var.settings.nat_per_zone ? slice(var.zones, 0, var.settings.zones) : [var.zones[0]]
}

resource "azurerm_network_ddos_protection_plan" "this" {
  count = var.ddos == "advanced" && !var.recovery ? 1 : 0

  name                = local.name
  location            = local.region
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_virtual_network" "this" {
  name                = local.name
  location            = local.region
  resource_group_name = var.resource_group
  address_space       = [var.cidr]
  tags                = local.tags

  dynamic "ddos_protection_plan" {
    for_each = var.ddos == "advanced" ? [true] : []

    content {
      id     = var.recovery ? var.ddos_plan_id : azurerm_network_ddos_protection_plan.this[0].id
      enable = true
    }
  }
}

resource "azurerm_subnet" "this" {
  for_each = local.subnets

  name                              = "${local.name}-${each.key}"
  resource_group_name               = var.resource_group
  virtual_network_name              = azurerm_virtual_network.this.name
  address_prefixes                  = [each.value.cidr]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "Enabled"

  dynamic "delegation" {
    for_each = each.value.delegated == null ? [] : [each.value.delegated]

    content {
      name = "keeper"

      service_delegation {
        name    = delegation.value
        actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
      }
    }
  }
}

# One exit serves the subnet of all zones; with an address in each, the loss of a zone is not the loss of the way out.
resource "azurerm_public_ip" "exit" {
  for_each = toset(local.exits)

  name                = "${local.name}-exit-${each.key}"
  location            = local.region
  resource_group_name = var.resource_group
  allocation_method   = "Static"
  sku                 = "Standard"
  zones               = [each.key]
  tags                = merge(local.tags, { segment = "edge" })
}

resource "azurerm_nat_gateway" "exit" {
  count = var.recovery ? 0 : 1

  name                = "${local.name}-exit"
  location            = local.region
  resource_group_name = var.resource_group
  sku_name            = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "exit" {
  for_each = azurerm_public_ip.exit

  nat_gateway_id       = azurerm_nat_gateway.exit[0].id
  public_ip_address_id = each.value.id
}

resource "azurerm_subnet_nat_gateway_association" "services" {
  count = var.recovery ? 0 : 1

  nat_gateway_id = azurerm_nat_gateway.exit[0].id
  subnet_id      = azurerm_subnet.this["services"].id
}

resource "azurerm_network_watcher_flow_log" "this" {
  name                 = local.name
  location             = local.region
  network_watcher_name = "NetworkWatcher_${local.region}"
  resource_group_name  = "NetworkWatcherRG"
  target_resource_id   = azurerm_virtual_network.this.id
  storage_account_id   = var.flow_storage_id
  enabled              = true
  version              = 2
  tags                 = local.tags

  retention_policy {
    enabled = true
    days    = var.settings.flow_days
  }

  traffic_analytics {
    enabled               = true
    workspace_id          = var.workspace.guid
    workspace_region      = var.naming.region
    workspace_resource_id = var.workspace.id
    interval_in_minutes   = var.settings.flow_interval_seconds == 60 ? 10 : 60
  }
}
