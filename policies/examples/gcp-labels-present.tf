resource "google_storage_bucket" "good" {
  name     = "good-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "google_storage_bucket" "bad_service" {
  name     = "bad_service-bucket"
  location = "EUROPE-WEST3"

  labels = {
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "google_storage_bucket" "bad_environment" {
  name     = "bad_environment-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = "ledger"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "google_storage_bucket" "bad_owner" {
  name     = "bad_owner-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = "ledger"
    environment = "production"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "google_storage_bucket" "bad_cost" {
  name     = "bad_cost-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    data_class  = "personal"
  }
}

resource "google_storage_bucket" "bad_class" {
  name     = "bad_class-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
  }
}

resource "google_storage_bucket" "unknown_service" {
  name     = "unknown_service-bucket"
  location = "EUROPE-WEST3"

  labels = {
    service     = terraform_data.later.output
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "terraform_data" "later" {
  input = "ledger"
}
