resource "google_kms_crypto_key" "good" {
  name     = "good-key"
  key_ring = "ring"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "HSM"
  }
}

resource "google_kms_crypto_key" "bad_software" {
  name     = "bad_software-key"
  key_ring = "ring"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "SOFTWARE"
  }
}

resource "google_kms_crypto_key" "bad_default" {
  name     = "bad_default-key"
  key_ring = "ring"
}

resource "google_kms_crypto_key" "unknown_level" {
  name     = "unknown_level-key"
  key_ring = "ring"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "HSM"
}
