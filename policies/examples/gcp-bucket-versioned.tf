resource "google_storage_bucket" "good" {
  name          = "good-bucket"
  location      = "EUROPE-WEST3"
  force_destroy = false

  versioning {
    enabled = true
  }
}

resource "google_storage_bucket" "good_retained" {
  name     = "good-retained-bucket"
  location = "EUROPE-WEST3"

  retention_policy {
    retention_period = 604800
  }
}

resource "google_storage_bucket" "bad_off" {
  name          = "bad_off-bucket"
  location      = "EUROPE-WEST3"
  force_destroy = false

  versioning {
    enabled = false
  }
}

resource "google_storage_bucket" "bad_destroyed" {
  name          = "bad_destroyed-bucket"
  location      = "EUROPE-WEST3"
  force_destroy = true

  versioning {
    enabled = true
  }
}

resource "google_storage_bucket" "unknown_versions" {
  name          = "unknown_versions-bucket"
  location      = "EUROPE-WEST3"
  force_destroy = false

  versioning {
    enabled = terraform_data.later.output
  }
}

resource "google_storage_bucket" "bad_bare" {
  name     = "bad-bare-bucket"
  location = "EUROPE-WEST3"
}

resource "terraform_data" "later" {
  input = true
}
