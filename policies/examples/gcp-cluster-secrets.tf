resource "google_container_cluster" "good" {
  name = "good-cluster"

  database_encryption {
    state    = "ENCRYPTED"
    key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
  }
}

resource "google_container_cluster" "bad_plain" {
  name = "bad_plain-cluster"

  database_encryption {
    state    = "DECRYPTED"
    key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
  }
}

resource "google_container_cluster" "bad_cloud_key" {
  name = "bad_cloud_key-cluster"

  database_encryption {
    state = "ENCRYPTED"
  }
}

resource "google_container_cluster" "unknown_state" {
  name = "unknown_state-cluster"

  database_encryption {
    state    = terraform_data.later.output
    key_name = "projects/books/locations/europe-west3/keyRings/ring/cryptoKeys/secrets"
  }
}

resource "terraform_data" "later" {
  input = "ENCRYPTED"
}
