resource "google_kms_crypto_key" "good" {
  name                       = "good-key"
  key_ring                   = "ring"
  destroy_scheduled_duration = "2592000s"
}

resource "google_kms_crypto_key" "bad_soon" {
  name                       = "bad_soon-key"
  key_ring                   = "ring"
  destroy_scheduled_duration = "86400s"
}

resource "google_kms_crypto_key" "unknown_duration" {
  name                       = "unknown_duration-key"
  key_ring                   = "ring"
  destroy_scheduled_duration = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "2592000s"
}
