resource "google_secret_manager_secret" "good" {
  secret_id = "good-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"

        customer_managed_encryption {
          kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
        }
      }

      replicas {
        location = "europe-west4"

        customer_managed_encryption {
          kms_key_name = "projects/books/locations/europe-west4/keyRings/ring/cryptoKeys/secrets"
        }
      }
    }
  }
}

resource "google_secret_manager_secret" "good_auto" {
  secret_id = "good-auto-secret"

  replication {
    auto {
      customer_managed_encryption {
        kms_key_name = "projects/books/locations/global/keyRings/ring/cryptoKeys/secrets"
      }
    }
  }
}

resource "google_secret_manager_secret" "bad_one" {
  secret_id = "bad_one-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"

        customer_managed_encryption {
          kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
        }
      }

      replicas {
        location = "europe-west4"
      }
    }
  }
}

resource "google_secret_manager_secret" "bad_cloud_key" {
  secret_id = "bad-cloud-key-secret"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret" "unknown_key" {
  secret_id = "unknown_key-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"

        customer_managed_encryption {
          kms_key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
        }
      }

      replicas {
        location = "europe-west4"

        customer_managed_encryption {
          kms_key_name = terraform_data.later.output
        }
      }
    }
  }
}

resource "terraform_data" "later" {
  input = "projects/books/locations/europe-west4/keyRings/ring/cryptoKeys/secrets"
}
