resource "google_storage_bucket" "good" {
  name     = "good-bucket"
  location = "EUROPE-WEST3"
}

resource "google_storage_bucket" "bad_far" {
  name     = "bad_far-bucket"
  location = "US-EAST1"
}

resource "google_container_cluster" "good_zone" {
  name     = "good-zone-cluster"
  location = "europe-west3-a"
}

resource "google_sql_database_instance" "bad_database" {
  name             = "bad-database"
  region           = "us-central1"
  database_version = "POSTGRES_17"
}

resource "google_storage_bucket" "unknown_place" {
  name     = "unknown_place-bucket"
  location = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "EUROPE-WEST3"
}
