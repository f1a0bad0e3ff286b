resource "google_compute_subnetwork" "good" {
  name                     = "good-segment"
  network                  = "books"
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = true
  purpose                  = "PRIVATE"

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
  }
}

resource "google_compute_subnetwork" "bad_silent" {
  name                     = "bad_silent-segment"
  network                  = "books"
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = true
  purpose                  = "PRIVATE"
}

resource "google_compute_subnetwork" "bad_around" {
  name                     = "bad_around-segment"
  network                  = "books"
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = false
  purpose                  = "PRIVATE"

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
  }
}

resource "google_compute_subnetwork" "other_proxies" {
  name                     = "other_proxies-segment"
  network                  = "books"
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = true
  purpose                  = "REGIONAL_MANAGED_PROXY"

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
  }
}

resource "google_compute_subnetwork" "unknown_access" {
  name                     = "unknown_access-segment"
  network                  = "books"
  ip_cidr_range            = "10.0.1.0/24"
  private_ip_google_access = terraform_data.later.output
  purpose                  = "PRIVATE"

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
  }
}

resource "terraform_data" "later" {
  input = true
}
