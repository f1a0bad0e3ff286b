resource "google_project_iam_member" "good" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_token" {
  project = "books"
  role    = "roles/iam.serviceAccountTokenCreator"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_user" {
  project = "books"
  role    = "roles/iam.serviceAccountUser"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "unknown_role" {
  project = "books"
  role    = terraform_data.later.output
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "terraform_data" "later" {
  input = "roles/cloudsql.client"
}
