resource "google_compute_network" "good" {
  name                    = "good-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "good" {
  name          = "good-in"
  network       = google_compute_network.good.name
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "good__out" {
  name               = "good-out"
  network            = google_compute_network.good.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_everywhere" {
  name                    = "bad-everywhere-network"
  auto_create_subnetworks = true
}

resource "google_compute_firewall" "bad_everywhere" {
  name          = "bad-everywhere-in"
  network       = google_compute_network.bad_everywhere.name
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_everywhere__out" {
  name               = "bad-everywhere-out"
  network            = google_compute_network.bad_everywhere.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_in" {
  name                    = "bad-in-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "bad_in" {
  name          = "bad-in-in"
  network       = google_compute_network.bad_in.name
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["10.0.0.0/8"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_in__out" {
  name               = "bad-in-out"
  network            = google_compute_network.bad_in.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_out" {
  name                    = "bad-out-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "bad_out" {
  name          = "bad-out-in"
  network       = google_compute_network.bad_out.name
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_bare" {
  name = "bad-bare-network"
}

resource "google_compute_network" "unknown_segments" {
  name                    = "unknown-segments-network"
  auto_create_subnetworks = terraform_data.later.output
}

resource "google_compute_firewall" "unknown_segments" {
  name          = "unknown-segments-in"
  network       = google_compute_network.unknown_segments.name
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "unknown_segments__out" {
  name               = "unknown-segments-out"
  network            = google_compute_network.unknown_segments.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "terraform_data" "later" {
  input = false
}

resource "google_compute_network" "bad_disabled" {
  name                    = "bad-disabled-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "bad_disabled" {
  name          = "bad-disabled-in"
  network       = google_compute_network.bad_disabled.name
  direction     = "INGRESS"
  disabled      = true
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_disabled__out" {
  name               = "bad-disabled-out"
  network            = google_compute_network.bad_disabled.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_some" {
  name                    = "bad-some-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "bad_some" {
  name          = "bad-some-in"
  network       = google_compute_network.bad_some.name
  direction     = "INGRESS"
  target_tags   = ["data"]
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_some__out" {
  name               = "bad-some-out"
  network            = google_compute_network.bad_some.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_network" "bad_last" {
  name                    = "bad-last-network"
  auto_create_subnetworks = false
}

resource "google_compute_firewall" "bad_last" {
  name          = "bad-last-in"
  network       = google_compute_network.bad_last.name
  direction     = "INGRESS"
  priority      = 65535
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "bad_last__out" {
  name               = "bad-last-out"
  network            = google_compute_network.bad_last.id
  direction          = "EGRESS"
  priority           = 65535
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}
