resource "google_storage_bucket" "good" {
  name     = "good-bucket"
  location = "EUROPE-WEST3"
  labels   = { purpose = "record" }

  retention_policy {
    is_locked        = true
    retention_period = 315619200
  }
}

resource "google_storage_bucket" "bad_liftable" {
  name     = "bad_liftable-bucket"
  location = "EUROPE-WEST3"
  labels   = { purpose = "record" }

  retention_policy {
    is_locked        = false
    retention_period = 315619200
  }
}

resource "google_storage_bucket" "bad_short" {
  name     = "bad_short-bucket"
  location = "EUROPE-WEST3"
  labels   = { purpose = "record" }

  retention_policy {
    is_locked        = true
    retention_period = 86400
  }
}

resource "google_storage_bucket" "bad_bare" {
  name     = "bad-bare-bucket"
  location = "EUROPE-WEST3"
  labels   = { purpose = "logs" }
}

resource "google_storage_bucket" "other_pages" {
  name     = "other-pages-bucket"
  location = "EUROPE-WEST3"
}

resource "google_storage_bucket" "unknown_lock" {
  name     = "unknown_lock-bucket"
  location = "EUROPE-WEST3"
  labels   = { purpose = "record" }

  retention_policy {
    is_locked        = terraform_data.later.output
    retention_period = 315619200
  }
}

resource "terraform_data" "later" {
  input = true
}
