resource "google_project_iam_member" "good" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_anybody" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "allUsers"
}

resource "google_project_iam_member" "unknown_member" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = terraform_data.later.output
}

resource "google_project_iam_binding" "bad_listed" {
  project = "books"
  role    = "roles/cloudsql.client"
  members = ["serviceAccount:ledger@books.iam.gserviceaccount.com", "allAuthenticatedUsers"]
}

resource "terraform_data" "later" {
  input = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_mail" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "user:eve@gmail.com"
}

resource "google_project_iam_member" "bad_domain" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "domain:books.example"
}

resource "google_secret_manager_secret_iam_member" "bad_secret" {
  secret_id = "books"
  role      = "roles/secretmanager.secretAccessor"
  member    = "allUsers"
}

resource "google_service_account_iam_member" "bad_token" {
  service_account_id = "projects/books/serviceAccounts/ledger@books.iam.gserviceaccount.com"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "allAuthenticatedUsers"
}

resource "google_service_account" "good_bound" {
  account_id = "good-bound"
}

resource "google_service_account_iam_binding" "good_bound" {
  service_account_id = "projects/books/serviceAccounts/ledger@books.iam.gserviceaccount.com"
  role               = "roles/iam.serviceAccountUser"
  members            = [google_service_account.good_bound.member]
}
