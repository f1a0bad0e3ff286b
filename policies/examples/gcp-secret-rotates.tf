resource "google_secret_manager_secret" "good" {
  secret_id = "good-secret"

  replication {
    auto {}
  }

  topics {
    name = "projects/books/topics/rotation"
  }

  rotation {
    next_rotation_time = "2027-01-01T00:00:00Z"
    rotation_period    = "2592000s"
  }
}

resource "google_secret_manager_secret" "good_own" {
  secret_id = "good-own-secret"
  labels    = { rotation_days = "30" }

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret" "bad_slow" {
  secret_id = "bad_slow-secret"

  replication {
    auto {}
  }

  topics {
    name = "projects/books/topics/rotation"
  }

  rotation {
    next_rotation_time = "2027-01-01T00:00:00Z"
    rotation_period    = "31536000s"
  }
}

resource "google_secret_manager_secret" "bad_never" {
  secret_id = "bad-never-secret"

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret" "unknown_period" {
  secret_id = "unknown_period-secret"

  replication {
    auto {}
  }

  topics {
    name = "projects/books/topics/rotation"
  }

  rotation {
    next_rotation_time = "2027-01-01T00:00:00Z"
    rotation_period    = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "2592000s"
}
