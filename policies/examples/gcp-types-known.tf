resource "google_pubsub_topic" "good" {
  name = "good-topic"
}

resource "google_project_iam_policy" "bad_policy" {
  project = "books"
  policy_data = jsonencode({
    bindings = [{
      role    = "roles/owner"
      members = ["allUsers"]
    }]
  })
}

resource "google_compute_instance" "bad_machine" {
  name         = "bad-machine"
  machine_type = "e2-small"
  zone         = "europe-west3-a"

  boot_disk {
    initialize_params {
      image = "debian"
    }
  }

  network_interface {
    network = "books"
    access_config {}
  }
}
