resource "google_compute_firewall" "good" {
  name          = "good-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "bad_database" {
  name          = "bad_database-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["5432"]
  }
}

resource "google_compute_firewall" "bad_more" {
  name          = "bad_more-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443", "22"]
  }
}

resource "google_compute_firewall" "bad_udp" {
  name          = "bad_udp-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "udp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "bad_all" {
  name          = "bad_all-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_default_direction" {
  name          = "bad_default_direction-rule"
  network       = "books"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "unknown_direction" {
  name          = "unknown_direction-rule"
  network       = "books"
  direction     = terraform_data.later.output
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "other_inside" {
  name          = "other_inside-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["10.0.0.0/8"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "other_out" {
  name               = "other_out-rule"
  network            = "books"
  direction          = "EGRESS"
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "other_off" {
  name          = "other_off-rule"
  network       = "books"
  disabled      = true
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "other_refuses" {
  name          = "other_refuses-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "unknown_protocol" {
  name          = "unknown_protocol-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = terraform_data.later.output
    ports    = ["443"]
  }
}

resource "terraform_data" "later" {
  input = "tcp"
}

resource "google_compute_firewall" "bad_halves" {
  name          = "bad-halves-rule"
  network       = "books"
  direction     = "INGRESS"
  source_ranges = ["0.0.0.0/1", "128.0.0.0/1"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "bad_unsaid" {
  name      = "bad-unsaid-rule"
  network   = "books"
  direction = "INGRESS"

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "other_tagged" {
  name        = "other-tagged-rule"
  network     = "books"
  direction   = "INGRESS"
  source_tags = ["edge"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}
