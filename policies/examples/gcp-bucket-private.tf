resource "google_storage_bucket" "good" {
  name     = "good-bucket"
  location = "EUROPE-WEST3"

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
}

resource "google_storage_bucket" "bad_lists" {
  name     = "bad_lists-bucket"
  location = "EUROPE-WEST3"

  uniform_bucket_level_access = false
  public_access_prevention    = "enforced"
}

resource "google_storage_bucket" "bad_public" {
  name     = "bad_public-bucket"
  location = "EUROPE-WEST3"

  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
}

resource "google_storage_bucket" "unknown_lists" {
  name     = "unknown_lists-bucket"
  location = "EUROPE-WEST3"

  uniform_bucket_level_access = terraform_data.later.output
  public_access_prevention    = "enforced"
}

resource "google_storage_bucket" "unknown_default" {
  name     = "unknown_default-bucket"
  location = "EUROPE-WEST3"

  uniform_bucket_level_access = true
}

resource "terraform_data" "later" {
  input = true
}
