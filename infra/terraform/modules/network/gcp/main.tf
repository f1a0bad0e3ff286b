# A network in segments. The edge of this cloud is its own front ends, outside of the network: nothing in it has a public
# address. Services go out through one exit; data and keys have no way out at all.

locals {
  name     = var.naming.prefix
  order    = ["edge", "services", "data", "keys"]
  segments = ["services", "data", "keys"]
  ranges   = { for segment in local.segments : segment => cidrsubnet(var.cidr, 2, index(local.order, segment)) }

  # A quarter of the network is the services' own: nodes, then their pods, then the cluster's addresses.
  subnets = merge(
    { for segment, range in local.ranges : segment => {
      segment = segment
      region  = var.naming.region
      cidr    = segment == "services" ? cidrsubnet(range, 2, 0) : range
      extra   = segment == "services" ? { pods = cidrsubnet(range, 1, 1), cluster = cidrsubnet(range, 2, 1) } : {}
    } },
    var.recovery_cidr == null ? {} : { recovery = {
      segment = "data"
      region  = var.naming.recovery_region
      cidr    = cidrsubnet(var.recovery_cidr, 2, index(local.order, "data"))
      extra   = {}
    } },
  )
}

resource "google_compute_network" "this" {
  project                         = var.naming.account
  name                            = local.name
  description                     = "The segments of ${local.name}."
  auto_create_subnetworks         = false
  delete_default_routes_on_create = true
  routing_mode                    = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  for_each = local.subnets

  project                    = var.naming.account
  name                       = "${local.name}-${each.key}"
  description                = "The ${each.value.segment} segment."
  region                     = each.value.region
  network                    = google_compute_network.this.id
  ip_cidr_range              = each.value.cidr
  purpose                    = "PRIVATE"
  stack_type                 = "IPV4_ONLY"
  private_ip_google_access   = true
  private_ipv6_google_access = "DISABLE_GOOGLE_ACCESS"

  dynamic "secondary_ip_range" {
    for_each = each.value.extra

    content {
      range_name    = secondary_ip_range.key
      ip_cidr_range = secondary_ip_range.value
    }
  }

  log_config {
    aggregation_interval = var.settings.flow_interval_seconds == 60 ? "INTERVAL_1_MIN" : "INTERVAL_10_MIN"
    flow_sampling        = var.settings.flow_sampling
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_router" "this" {
  project     = var.naming.account
  name        = "${local.name}-exit"
  description = "The way out of services."
  region      = var.naming.region
  network     = google_compute_network.this.id
}

resource "google_compute_address" "exit" {
  count = var.settings.nat_per_zone ? var.settings.zones : 1

  project      = var.naming.account
  name         = "${local.name}-exit-${count.index}"
  description  = "What banks see services come from."
  region       = var.naming.region
  address_type = "EXTERNAL"
  labels       = merge(var.naming.tags.network, { segment = "edge" })
}

resource "google_compute_router_nat" "this" {
  project                            = var.naming.account
  name                               = "${local.name}-exit"
  region                             = var.naming.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = google_compute_address.exit[*].self_link
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this["services"].id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ALL"
  }
}

# Only what carries the tag of services has a way out; the cloud's own services are reached without the internet.
resource "google_compute_route" "services" {
  project          = var.naming.account
  name             = "${local.name}-services-out"
  description      = "To banks, through the exit."
  network          = google_compute_network.this.name
  dest_range       = "0.0.0.0/0"
  next_hop_gateway = "default-internet-gateway"
  priority         = 1000
  tags             = ["services"]
}

resource "google_compute_route" "restricted" {
  project          = var.naming.account
  name             = "${local.name}-restricted"
  description      = "To the cloud's own services, by their restricted addresses."
  network          = google_compute_network.this.name
  dest_range       = local.restricted
  next_hop_gateway = "default-internet-gateway"
  priority         = 900
}
