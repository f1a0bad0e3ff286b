resource "google_secret_manager_secret" "good" {
  secret_id = "good-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"
      }

      replicas {
        location = "europe-west4"
      }
    }
  }
}

resource "google_secret_manager_secret" "bad_far" {
  secret_id = "bad_far-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"
      }

      replicas {
        location = "us-east1"
      }
    }
  }
}

resource "google_secret_manager_secret" "bad_anywhere" {
  secret_id = "bad-anywhere-secret"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret" "unknown_place" {
  secret_id = "unknown_place-secret"

  replication {
    user_managed {
      replicas {
        location = "europe-west3"
      }

      replicas {
        location = terraform_data.later.output
      }
    }
  }
}

resource "terraform_data" "later" {
  input = "europe-west4"
}
