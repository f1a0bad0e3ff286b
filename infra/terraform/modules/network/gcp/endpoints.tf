# Names of the cloud's own services resolve to addresses that never leave it: restricted.googleapis.com, and for keys and
# secrets an endpoint of the region in our own segment.

locals {
  restricted = "199.36.153.4/30"
  domains    = { apis = "googleapis.com.", images = "pkg.dev.", registry = "gcr.io." }
}

resource "google_dns_policy" "this" {
  project                   = var.naming.account
  name                      = local.name
  description               = "Every question of a name is logged."
  enable_logging            = true
  enable_inbound_forwarding = false

  networks {
    network_url = google_compute_network.this.id
  }
}

resource "google_dns_managed_zone" "this" {
  for_each = local.domains

  project     = var.naming.account
  name        = "${local.name}-${each.key}"
  description = "The cloud's own services, privately."
  dns_name    = each.value
  visibility  = "private"
  labels      = var.naming.tags.network

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }
}

resource "google_dns_record_set" "here" {
  for_each = local.domains

  project      = var.naming.account
  managed_zone = google_dns_managed_zone.this[each.key].name
  name         = each.value
  type         = "A"
  ttl          = 300
  rrdatas      = [for host in range(4) : cidrhost(local.restricted, host)]
}

resource "google_dns_record_set" "under" {
  for_each = local.domains

  project      = var.naming.account
  managed_zone = google_dns_managed_zone.this[each.key].name
  name         = "*.${each.value}"
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [each.value]
}

resource "google_network_connectivity_regional_endpoint" "this" {
  for_each = toset(var.endpoints)

  project           = var.naming.account
  name              = "${local.name}-${each.key}"
  description       = "${each.key}, within the region."
  location          = var.naming.region
  target_google_api = "${each.key}.${var.naming.region}.rep.googleapis.com"
  access_type       = "REGIONAL"
  network           = google_compute_network.this.id
  subnetwork        = google_compute_subnetwork.this["keys"].id
  labels            = merge(var.naming.tags.network, { segment = "keys" })
}

# Without these the wider rule above would lead past them.
resource "google_dns_record_set" "regional" {
  for_each = google_network_connectivity_regional_endpoint.this

  project      = var.naming.account
  managed_zone = google_dns_managed_zone.this["apis"].name
  name         = "${each.value.target_google_api}."
  type         = "A"
  ttl          = 300
  rrdatas      = [each.value.address]
}
