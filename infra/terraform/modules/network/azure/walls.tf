# What may flow stands in flows.json for all clouds; the last rule of every group lets nothing else in or out.

locals {
  flows = [for flow in jsondecode(file("${path.module}/../flows.json")) : flow
  if alltrue([for end in [flow.from, flow.to] : contains(concat(local.segments, ["internet"]), end)])]
  ends = merge(local.ranges, { internet = "Internet" })

  inward = { for flow in local.flows : "${flow.to}-in-${flow.from}" => {
    segment = flow.to, out = false, far = local.ends[flow.from], near = local.ranges[flow.to], port = tostring(flow.port), protocol = "Tcp"
  } if flow.to != "internet" }
  outward = { for flow in local.flows : "${flow.from}-out-${flow.to}" => {
    segment = flow.from, out = true, far = local.ends[flow.to], near = local.ranges[flow.from], port = tostring(flow.port), protocol = "Tcp"
  } if flow.from != "internet" }

  # What the cloud itself needs: its balancer's probes, the gateway's keeper (both ways: it works only so), the database's
  # standby, backup, key and sign-in; the gateway fetches its certificate from the vault.
  needs = { for key, need in {
    "edge-in-keeper"      = { segment = "edge", out = false, far = "GatewayManager", port = "65200-65535", protocol = "Tcp" }
    "edge-out-keeper"     = { segment = "edge", out = true, far = "Internet", port = "*", protocol = "*" }
    "edge-out-vault"      = { segment = "edge", out = true, far = "keys", port = "443", protocol = "Tcp" }
    "keys-in-gateway"     = { segment = "keys", out = false, far = "edge", port = "443", protocol = "Tcp" }
    "edge-in-probes"      = { segment = "edge", out = false, far = "AzureLoadBalancer", port = "*", protocol = "*" }
    "services-in-probes"  = { segment = "services", out = false, far = "AzureLoadBalancer", port = "*", protocol = "*" }
    "services-in-nodes"   = { segment = "services", out = false, far = "services", port = "*", protocol = "*" }
    "services-out-nodes"  = { segment = "services", out = true, far = "services", port = "*", protocol = "*" }
    "data-in-standby"     = { segment = "data", out = false, far = "data", port = "5432", protocol = "Tcp" }
    "data-out-standby"    = { segment = "data", out = true, far = "data", port = "5432", protocol = "Tcp" }
    "data-out-backup"     = { segment = "data", out = true, far = "Storage", port = "443", protocol = "Tcp" }
    "data-out-directory"  = { segment = "data", out = true, far = "AzureActiveDirectory", port = "443", protocol = "Tcp" }
    "data-out-encryption" = { segment = "data", out = true, far = "AzureKeyVault", port = "443", protocol = "Tcp" }
    } : key => merge(need, { far = lookup(local.ends, need.far, need.far), near = local.ranges[need.segment] })
  if contains(local.segments, need.segment) && (need.far != "edge" || contains(local.segments, "edge")) }

  rules   = merge(local.inward, local.outward, local.needs)
  numbers = { for place, key in sort(keys(local.rules)) : key => 100 + 10 * place }
}

resource "azurerm_network_security_group" "this" {
  for_each = local.ranges

  name                = "${local.name}-${each.key}"
  location            = local.region
  resource_group_name = var.resource_group
  tags                = merge(local.tags, { segment = each.key })
}

resource "azurerm_subnet_network_security_group_association" "this" {
  for_each = local.subnets

  subnet_id                 = azurerm_subnet.this[each.key].id
  network_security_group_id = azurerm_network_security_group.this[each.value.segment].id
}

resource "azurerm_network_security_rule" "flow" {
  for_each = local.rules

  name                        = each.key
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.this[each.value.segment].name
  priority                    = local.numbers[each.key]
  direction                   = each.value.out ? "Outbound" : "Inbound"
  access                      = "Allow"
  protocol                    = each.value.protocol
  source_port_range           = "*"
  destination_port_range      = each.value.port
  source_address_prefix       = each.value.out ? each.value.near : each.value.far
  destination_address_prefix  = each.value.out ? each.value.far : each.value.segment == "edge" && each.value.far != "Internet" ? "*" : each.value.near
}

resource "azurerm_network_security_rule" "nothing_else" {
  for_each = { for pair in setproduct(local.segments, ["Inbound", "Outbound"]) : join("-", pair) => pair }

  name                        = "nothing-else-${lower(each.value[1])}"
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.this[each.value[0]].name
  priority                    = 4096
  direction                   = each.value[1]
  access                      = "Deny"
  protocol                    = "*"
  source_port_range           = "*"
  destination_port_range      = "*"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}
