resource "google_compute_global_address" "this" {
  project      = var.naming.account
  name         = "${local.name}-edge"
  description  = "What the domain leads to."
  address_type = "EXTERNAL"
  ip_version   = "IPV4"
  labels       = merge(local.tags, { segment = "edge" })
}

# The cluster fills these for the service whose annotation cloud.google.com/neg names them for the gateway's port. It takes
# over one that is there before if it has a description and that is not another cluster's.
resource "google_compute_network_endpoint_group" "this" {
  for_each = toset(var.zones)

  project               = var.naming.account
  name                  = local.group
  description           = "Pods of the gateway in ${each.key}."
  zone                  = each.key
  network               = var.network_id
  subnetwork            = var.subnet_id
  network_endpoint_type = "GCE_VM_IP_PORT"
  default_port          = 8480
}

resource "google_compute_health_check" "this" {
  project             = var.naming.account
  name                = local.name
  description         = "Whether a pod of the gateway is ready."
  check_interval_sec  = 10
  timeout_sec         = 5
  unhealthy_threshold = 3

  https_health_check {
    port_specification = "USE_SERVING_PORT"
    request_path       = "/healthz"
  }

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "this" {
  project                         = var.naming.account
  name                            = local.name
  description                     = "The gateway of the cluster."
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  protocol                        = "HTTPS"
  security_policy                 = google_compute_security_policy.this.id
  health_checks                   = [google_compute_health_check.this.id]
  timeout_sec                     = 30
  connection_draining_timeout_sec = 60
  enable_cdn                      = false

  dynamic "backend" {
    for_each = google_compute_network_endpoint_group.this

    content {
      group                 = backend.value.id
      balancing_mode        = "RATE"
      max_rate_per_endpoint = 200
    }
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "this" {
  project         = var.naming.account
  name            = local.name
  description     = "Everything goes to the gateway."
  default_service = google_compute_backend_service.this.id
}

resource "google_compute_target_https_proxy" "this" {
  project          = var.naming.account
  name             = local.name
  description      = "TLS ends here."
  url_map          = google_compute_url_map.this.id
  ssl_policy       = google_compute_ssl_policy.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
  quic_override    = "NONE"
  tls_early_data   = "DISABLED"
}

resource "google_compute_global_forwarding_rule" "this" {
  project               = var.naming.account
  name                  = local.name
  description           = "The only door."
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  ip_protocol           = "TCP"
  port_range            = "443"
  target                = google_compute_target_https_proxy.this.id
  labels                = local.tags
}
