resource "google_kms_crypto_key" "good" {
  name            = "good-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_storage_bucket" "good" {
  name     = "good-bucket"
  location = "EUROPE-WEST3"

  encryption {
    default_kms_key_name = google_kms_crypto_key.good.id
  }
}

resource "google_storage_bucket" "bad_cloud_key" {
  name     = "bad-cloud-key-bucket"
  location = "EUROPE-WEST3"
}

resource "google_kms_crypto_key" "good_elsewhere" {
  name            = "good_elsewhere-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_storage_bucket" "good_elsewhere" {
  name     = "good_elsewhere-bucket"
  location = "EUROPE-WEST3"

  encryption {
    default_kms_key_name = "projects/keys/locations/europe-west3/keyRings/ring/cryptoKeys/data"
  }
}

resource "google_kms_crypto_key" "unknown_key" {
  name            = "unknown_key-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_storage_bucket" "unknown_key" {
  name     = "unknown_key-bucket"
  location = "EUROPE-WEST3"

  encryption {
    default_kms_key_name = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/data"
}
