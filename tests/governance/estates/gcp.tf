# An estate of examples: one object for each tampering of tests/governance/tampering_gcp.py, and what these stand on.
terraform {
  backend "http" {}
  required_providers {
    google = { source = "hashicorp/google" }
  }
}

provider "google" {
  project = "tallystick-staging"
  region  = "europe-west1"
}

variable "environment" {
  type    = string
  default = "staging"
}

locals {
  project = "tallystick-staging"
  region  = "europe-west1"
  labels  = { managed-by = "tallystick", estate = "staging-gcp" }
  buckets = toset(["prevented", "uniform", "unversioned", "unencrypted", "retained", "deleted", "shared", "calm"])
}

resource "google_kms_key_ring" "main" {
  name     = "tallystick"
  location = local.region
}

resource "google_kms_crypto_key" "main" {
  for_each        = toset(["main", "still", "shared"])
  name            = each.key
  key_ring        = google_kms_key_ring.main.id
  rotation_period = "7776000s"
  labels          = local.labels
}

resource "google_kms_crypto_key_iam_member" "main" {
  crypto_key_id = google_kms_crypto_key.main["main"].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:storage@tallystick-staging.iam.gserviceaccount.com"
}

resource "google_storage_bucket" "main" {
  for_each                    = local.buckets
  name                        = "tallystick-${each.key}"
  location                    = local.region
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  labels                      = local.labels
  versioning { enabled = true }
  encryption { default_kms_key_name = google_kms_crypto_key.main["main"].id }
  retention_policy { retention_period = 31536000 }
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      age        = 400
      with_state = "ARCHIVED"
    }
  }
}

resource "google_storage_bucket_iam_member" "main" {
  for_each = toset(["kept", "removed"])
  bucket   = google_storage_bucket.main["calm"].name
  role     = "roles/storage.objectViewer"
  member   = "serviceAccount:${each.key}@tallystick-staging.iam.gserviceaccount.com"
}

resource "google_compute_network" "main" {
  name                    = "tallystick"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "main" {
  for_each                 = { services = 0, deaf = 1, astray = 2 }
  name                     = "tallystick-${each.key}"
  network                  = google_compute_network.main.id
  region                   = local.region
  ip_cidr_range            = cidrsubnet("10.20.0.0/16", 4, each.value)
  private_ip_google_access = true
  log_config {
    aggregation_interval = "INTERVAL_5_SEC"
    flow_sampling        = 1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "main" {
  for_each      = toset(["calm", "opened", "widened", "off", "deleted"])
  name          = "tallystick-${each.key}"
  network       = google_compute_network.main.id
  direction     = "INGRESS"
  priority      = 900
  source_ranges = ["10.20.0.0/16"]
  allow {
    protocol = "tcp"
    ports    = ["5432"]
  }
  log_config { metadata = "INCLUDE_ALL_METADATA" }
}

resource "google_sql_database_instance" "main" {
  for_each            = toset(["calm", "public", "clear", "entered", "unsaved", "single", "deleted"])
  name                = "tallystick-${each.key}"
  region              = local.region
  database_version    = "POSTGRES_17"
  encryption_key_name = google_kms_crypto_key.main["main"].id
  deletion_protection = false
  settings {
    tier              = "db-custom-2-7680"
    availability_type = "REGIONAL"
    user_labels       = local.labels
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
      ssl_mode        = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }
    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }
  }
}

resource "google_service_account" "main" {
  for_each     = toset(["ledger", "gone"])
  account_id   = "tallystick-${each.key}"
  display_name = "Tallystick ${each.key}"
}

resource "google_project_iam_custom_role" "main" {
  role_id     = "tallystickReader"
  title       = "Reads the record"
  permissions = ["storage.objects.get"]
}

resource "google_project_iam_member" "main" {
  for_each = toset(["kept", "removed"])
  project  = local.project
  role     = "roles/logging.logWriter"
  member   = "serviceAccount:${each.key}@tallystick-staging.iam.gserviceaccount.com"
}

resource "google_project_iam_binding" "main" {
  project = local.project
  role    = "roles/monitoring.viewer"
  members = ["group:operators@example.test"]
}

resource "google_secret_manager_secret" "main" {
  for_each  = toset(["calm", "deleted", "read"])
  secret_id = "tallystick-${each.key}"
  labels    = local.labels
  replication {
    auto {}
  }
}
