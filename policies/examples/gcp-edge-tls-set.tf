resource "google_compute_target_https_proxy" "good" {
  name       = "good-proxy"
  url_map    = "map"
  ssl_policy = "policy"
}

resource "google_compute_target_https_proxy" "bad_default" {
  name    = "bad_default-proxy"
  url_map = "map"
}

resource "google_compute_target_https_proxy" "unknown_policy" {
  name       = "unknown_policy-proxy"
  url_map    = "map"
  ssl_policy = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "policy"
}
