resource "google_logging_project_bucket_config" "good" {
  project        = "books"
  location       = "europe-west3"
  bucket_id      = "good-logs"
  retention_days = 365

  cmek_settings {
    kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/logs"
  }
}

resource "google_logging_project_bucket_config" "bad_short" {
  project        = "books"
  location       = "europe-west3"
  bucket_id      = "bad_short-logs"
  retention_days = 30

  cmek_settings {
    kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/logs"
  }
}

resource "google_logging_project_bucket_config" "bad_cloud_key" {
  project        = "books"
  location       = "europe-west3"
  bucket_id      = "bad_cloud_key-logs"
  retention_days = 365
}

resource "google_logging_project_bucket_config" "unknown_days" {
  project        = "books"
  location       = "europe-west3"
  bucket_id      = "unknown_days-logs"
  retention_days = terraform_data.later.output

  cmek_settings {
    kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/logs"
  }
}

resource "terraform_data" "later" {
  input = 365
}
