resource "google_kms_crypto_key" "good" {
  name            = "good-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_sql_database_instance" "good" {
  name                = "good-database"
  database_version    = "POSTGRES_17"
  encryption_key_name = google_kms_crypto_key.good.id

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_kms_crypto_key" "bad_cloud_key" {
  name            = "bad_cloud_key-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_sql_database_instance" "bad_cloud_key" {
  name                = "bad_cloud_key-database"
  database_version    = "POSTGRES_17"
  encryption_key_name = ""

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_kms_crypto_key" "unknown_key" {
  name            = "unknown_key-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_sql_database_instance" "unknown_key" {
  name                = "unknown_key-database"
  database_version    = "POSTGRES_17"
  encryption_key_name = terraform_data.later.output

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_sql_database_instance" "unknown_default" {
  name             = "unknown-default-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "terraform_data" "later" {
  input = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
}
