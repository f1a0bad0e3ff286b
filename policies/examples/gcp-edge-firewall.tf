resource "google_compute_backend_service" "good" {
  name                  = "good-edge"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = "wall"

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "good_default" {
  name            = "good_default-edge"
  security_policy = "wall"

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "bad_bare" {
  name                  = "bad_bare-edge"
  load_balancing_scheme = "EXTERNAL_MANAGED"

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "bad_silent" {
  name                  = "bad_silent-edge"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = "wall"

  log_config {
    enable = false
  }
}

resource "google_compute_backend_service" "other_inside" {
  name                  = "other_inside-edge"
  load_balancing_scheme = "INTERNAL_SELF_MANAGED"
  security_policy       = "wall"

  log_config {
    enable = true
  }
}

resource "google_compute_backend_service" "unknown_log" {
  name                  = "unknown_log-edge"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = "wall"

  log_config {
    enable = terraform_data.later.output
  }
}

resource "google_compute_backend_service" "bad_default" {
  name = "bad_default-edge"

  log_config {
    enable = true
  }
}

resource "terraform_data" "later" {
  input = true
}
