resource "google_kms_crypto_key" "good" {
  name            = "good-key"
  key_ring        = "ring"
  rotation_period = "7776000s"
}

resource "google_kms_crypto_key" "bad_slow" {
  name            = "bad_slow-key"
  key_ring        = "ring"
  rotation_period = "63072000s"
}

resource "google_kms_crypto_key" "bad_never" {
  name     = "bad_never-key"
  key_ring = "ring"
}

resource "google_kms_crypto_key" "unknown_period" {
  name            = "unknown_period-key"
  key_ring        = "ring"
  rotation_period = terraform_data.later.output
}

resource "google_kms_crypto_key" "other_signing" {
  name     = "other_signing-key"
  key_ring = "ring"
  purpose  = "ASYMMETRIC_SIGN"
}

resource "terraform_data" "later" {
  input = "7776000s"
}
