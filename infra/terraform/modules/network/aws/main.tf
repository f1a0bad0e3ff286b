# A network in four segments. Only the edge has a way to the internet of its own; services go out through it; data and
# keys have no way out at all.

locals {
  name     = var.recovery ? "${var.naming.prefix}-recovery" : var.naming.prefix
  region   = var.recovery ? var.naming.recovery_region : var.naming.region
  order    = ["edge", "services", "data", "keys"]
  segments = var.recovery ? ["data"] : local.order
  zones    = slice(var.zones, 0, var.settings.zones)
  tags     = var.naming.tags.network

  # Each segment has room for four zones: sixteen subnets of a /16 are a /20 each.
  subnets = merge([for segment in local.segments : {
    for index, zone in local.zones : "${segment}-${index}" => {
      segment = segment
      zone    = zone
      index   = index
      cidr    = cidrsubnet(var.cidr, 4, 4 * index(local.order, segment) + index)
    }
  }]...)
  ranges = { for segment in local.segments : segment => cidrsubnet(var.cidr, 2, index(local.order, segment)) }
  exits  = var.recovery ? [] : var.settings.nat_per_zone ? range(length(local.zones)) : [0]
}

resource "aws_vpc" "this" {
  region               = local.region
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.tags, { Name = local.name })
}

resource "aws_default_security_group" "this" {
  region = local.region
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { Name = "${local.name}-default" })

  # Left out they are empty too, which a plan then does not know.
  ingress = []
  egress  = []
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  region                  = local.region
  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value.cidr
  availability_zone       = each.value.zone
  map_public_ip_on_launch = false
  tags                    = merge(local.tags, { Name = "${local.name}-${each.key}", segment = each.value.segment })
}

resource "aws_internet_gateway" "this" {
  count = var.recovery ? 0 : 1

  region = local.region
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { Name = local.name })
}

resource "aws_eip" "exit" {
  for_each = toset([for index in local.exits : tostring(index)])

  region = local.region
  domain = "vpc"
  tags   = merge(local.tags, { Name = "${local.name}-exit-${each.key}", segment = "edge" })
}

resource "aws_nat_gateway" "exit" {
  for_each = aws_eip.exit

  region        = local.region
  allocation_id = each.value.id
  subnet_id     = aws_subnet.this["edge-${each.key}"].id
  tags          = merge(local.tags, { Name = "${local.name}-exit-${each.key}" })
}

resource "aws_route_table" "this" {
  for_each = local.subnets

  region = local.region
  vpc_id = aws_vpc.this.id
  tags   = merge(local.tags, { Name = "${local.name}-${each.key}", segment = each.value.segment })
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  region         = local.region
  route_table_id = aws_route_table.this[each.key].id
  subnet_id      = aws_subnet.this[each.key].id
}

resource "aws_route" "edge" {
  for_each = { for key, subnet in local.subnets : key => subnet if subnet.segment == "edge" }

  region                 = local.region
  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "services" {
  for_each = { for key, subnet in local.subnets : key => subnet if subnet.segment == "services" }

  region                 = local.region
  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.exit[contains(local.exits, each.value.index) ? each.value.index : 0].id
}

resource "aws_flow_log" "this" {
  region                   = local.region
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination_type     = "s3"
  log_destination          = "${var.archive_arn}/flows/"
  max_aggregation_interval = var.settings.flow_interval_seconds
  tags                     = merge(local.tags, { Name = local.name })
}
