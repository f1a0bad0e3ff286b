# What may flow stands in flows.json for all clouds; nothing else passes between segments, nor between the internet and
# any segment but the edge. Lists at the subnets hold where a security group was forgotten.

locals {
  flows = [for flow in jsondecode(file("${path.module}/../flows.json")) : flow
  if alltrue([for end in [flow.from, flow.to] : contains(concat(local.segments, ["internet"]), end)])]
  ends = merge(local.ranges, { internet = "0.0.0.0/0" })

  # Answers go back to the ports a caller chose; the one of remote desktops lies among them and is left out.
  answers = [[1024, 3388], [3390, 65535]]

  # What services ask of the internet passes the edge, where the exits stand.
  hops = concat(local.flows, [for flow in local.flows : { from = "services", to = "edge", port = flow.port }
  if flow.to == "internet"], [for flow in local.flows : { from = "edge", to = "internet", port = flow.port } if flow.to == "internet"])

  passes = merge(flatten([for hop in local.hops : [
    { "${hop.from}-out-${hop.to}" = { segment = hop.from, out = true, far = hop.to, ports = [[hop.port, hop.port]] } },
    { "${hop.to}-in-${hop.from}" = { segment = hop.to, out = false, far = hop.from, ports = [[hop.port, hop.port]] } },
    { "${hop.to}-answers-${hop.from}" = { segment = hop.to, out = true, far = hop.from, ports = local.answers } },
    { "${hop.from}-hears-${hop.to}" = { segment = hop.from, out = false, far = hop.to, ports = local.answers } },
  ]])...)
  rules = merge([for key, pass in local.passes : {
    for place, ports in pass.ports : "${key}-${ports[0]}" => merge(pass, { from = ports[0], to = ports[1] })
  } if pass.segment != "internet"]...)
  numbers = { for place, key in sort(keys(local.rules)) : key => 100 + 10 * place }
}

resource "aws_network_acl" "this" {
  for_each = toset(local.segments)

  region     = local.region
  vpc_id     = aws_vpc.this.id
  subnet_ids = [for key, subnet in local.subnets : aws_subnet.this[key].id if subnet.segment == each.key]
  tags       = merge(local.tags, { Name = "${local.name}-${each.key}", segment = each.key })
}

resource "aws_network_acl_rule" "flow" {
  for_each = local.rules

  region         = local.region
  network_acl_id = aws_network_acl.this[each.value.segment].id
  rule_number    = local.numbers[each.key]
  rule_action    = "allow"
  egress         = each.value.out
  protocol       = "tcp"
  cidr_block     = local.ends[each.value.far]
  from_port      = each.value.from
  to_port        = each.value.to
}

resource "aws_network_acl_rule" "services" {
  for_each = var.recovery ? {} : { in = false, out = true }

  region         = local.region
  network_acl_id = aws_network_acl.this["services"].id
  rule_number    = 90
  rule_action    = "allow"
  egress         = each.value
  protocol       = "-1"
  cidr_block     = local.ranges.services
}

resource "aws_security_group" "this" {
  for_each = toset(local.segments)

  region      = local.region
  vpc_id      = aws_vpc.this.id
  name        = "${local.name}-${each.key}"
  description = "The ${each.key} segment: what flows.json lets pass."
  tags        = merge(local.tags, { Name = "${local.name}-${each.key}", segment = each.key })
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  for_each = { for flow in local.flows : "${flow.from}-${flow.to}" => flow if flow.to != "internet" }

  region                       = local.region
  security_group_id            = aws_security_group.this[each.value.to].id
  description                  = "From ${each.value.from}."
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.from == "internet" ? "0.0.0.0/0" : null
  referenced_security_group_id = each.value.from == "internet" ? null : aws_security_group.this[each.value.from].id
  tags                         = local.tags
}

# Nodes and pods of the segment speak with one another; who may is said by policies inside the cluster.
resource "aws_vpc_security_group_ingress_rule" "services" {
  count = var.recovery ? 0 : 1

  region                       = local.region
  security_group_id            = aws_security_group.this["services"].id
  description                  = "Within the segment."
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["services"].id
  tags                         = local.tags
}

resource "aws_vpc_security_group_egress_rule" "services" {
  count = var.recovery ? 0 : 1

  region                       = local.region
  security_group_id            = aws_security_group.this["services"].id
  description                  = "Within the segment."
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["services"].id
  tags                         = local.tags
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = { for flow in local.flows : "${flow.from}-${flow.to}" => flow if flow.from != "internet" }

  region                       = local.region
  security_group_id            = aws_security_group.this[each.value.from].id
  description                  = "To ${each.value.to}."
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.to == "internet" ? "0.0.0.0/0" : null
  referenced_security_group_id = each.value.to == "internet" ? null : aws_security_group.this[each.value.to].id
  tags                         = local.tags
}
