# Misconfigurations that every list of them begins with. Each resource is one case, and a control of ours must fail it.

resource "google_compute_firewall" "bad_shell_to_all" {
  name          = "shell"
  network       = "default"
  source_ranges = ["0.0.0.0/0"]
  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_storage_bucket" "bad_bare_bucket" {
  name     = "payslips"
  location = "EU"
}

resource "google_storage_bucket_iam_member" "bad_public_bucket" {
  bucket = "payslips"
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_sql_database_instance" "bad_database" {
  name             = "salaries"
  database_version = "POSTGRES_17"
  region           = "europe-west3"
  settings {
    tier = "db-custom-1-3840"
    ip_configuration {
      ipv4_enabled = true
      authorized_networks {
        value = "0.0.0.0/0"
      }
    }
  }
}

resource "google_container_cluster" "bad_public_cluster" {
  name               = "shop"
  location           = "europe-west3"
  initial_node_count = 1
}

resource "google_project_iam_member" "bad_owner" {
  project = "shop"
  role    = "roles/owner"
  member  = "user:somebody@example.org"
}
