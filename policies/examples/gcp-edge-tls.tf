resource "google_compute_ssl_policy" "good" {
  name            = "good-policy"
  min_tls_version = "TLS_1_2"
  profile         = "RESTRICTED"
}

resource "google_compute_ssl_policy" "bad_old" {
  name            = "bad_old-policy"
  min_tls_version = "TLS_1_0"
  profile         = "RESTRICTED"
}

resource "google_compute_ssl_policy" "bad_weak" {
  name            = "bad_weak-policy"
  min_tls_version = "TLS_1_2"
  profile         = "COMPATIBLE"
}

resource "google_compute_ssl_policy" "bad_default" {
  name    = "bad_default-policy"
  profile = "RESTRICTED"
}

resource "google_compute_ssl_policy" "unknown_floor" {
  name            = "unknown_floor-policy"
  min_tls_version = terraform_data.later.output
  profile         = "RESTRICTED"
}

resource "terraform_data" "later" {
  input = "TLS_1_2"
}
