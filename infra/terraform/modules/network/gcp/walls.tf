# What may flow stands in flows.json for all clouds; the last rules let nothing else in or out, and say what they stopped.

locals {
  flows = jsondecode(file("${path.module}/../flows.json"))

  # Front ends and their probes come from these ranges: cloud.google.com/load-balancing/docs/health-check-concepts.
  front = ["130.211.0.0/22", "35.191.0.0/16"]
  ends = {
    edge     = local.front
    services = [cidrsubnet(local.ranges.services, 2, 0), cidrsubnet(local.ranges.services, 1, 1)]
    data     = concat([local.ranges.data], [for name, subnet in local.subnets : subnet.cidr if name == "recovery"])
    keys     = [local.ranges.keys]
    internet = ["0.0.0.0/0"]
  }

  inward = { for flow in local.flows : "${flow.to}-in-${flow.from}" => {
    segment = flow.to, out = false, far = local.ends[flow.from], protocol = "tcp", ports = [tostring(flow.port)]
  } if contains(local.segments, flow.to) }
  outward = { for flow in local.flows : "${flow.from}-out-${flow.to}" => {
    segment = flow.from, out = true, far = local.ends[flow.to], protocol = "tcp", ports = [tostring(flow.port)]
  } if contains(local.segments, flow.from) }
  needs = {
    services-in-nodes       = { segment = "services", out = false, far = local.ends.services, protocol = "all", ports = null }
    services-out-nodes      = { segment = "services", out = true, far = local.ends.services, protocol = "all", ports = null }
    services-out-restricted = { segment = "services", out = true, far = [local.restricted], protocol = "tcp", ports = ["443"] }
    services-out-masters    = { segment = "services", out = true, far = [var.masters], protocol = "tcp", ports = ["443", "8132"] }
    services-in-masters     = { segment = "services", out = false, far = [var.masters], protocol = "tcp", ports = ["443", "10250"] }
  }
}

resource "google_compute_firewall" "flow" {
  for_each = merge(local.inward, local.outward, local.needs)

  project            = var.naming.account
  name               = "${local.name}-${each.key}"
  description        = "What flows.json lets pass."
  network            = google_compute_network.this.name
  direction          = each.value.out ? "EGRESS" : "INGRESS"
  priority           = 1000
  target_tags        = [each.value.segment]
  source_ranges      = each.value.out ? null : each.value.far
  destination_ranges = each.value.out ? each.value.far : null

  allow {
    protocol = each.value.protocol
    ports    = each.value.ports
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "nothing_else" {
  for_each = toset(["INGRESS", "EGRESS"])

  project            = var.naming.account
  name               = "${local.name}-nothing-else-${lower(each.key)}"
  description        = "Nothing else passes."
  network            = google_compute_network.this.name
  direction          = each.key
  priority           = 65000
  source_ranges      = each.key == "INGRESS" ? ["0.0.0.0/0"] : null
  destination_ranges = each.key == "EGRESS" ? ["0.0.0.0/0"] : null

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
