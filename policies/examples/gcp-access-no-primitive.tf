resource "google_project_iam_member" "good" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_owner" {
  project = "books"
  role    = "roles/owner"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_editor" {
  project = "books"
  role    = "roles/editor"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_viewer" {
  project = "books"
  role    = "roles/viewer"
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

resource "google_project_iam_custom_role" "good_own" {
  role_id     = "good_own"
  title       = "good_own"
  permissions = ["cloudsql.instances.get"]
}

resource "google_project_iam_member" "good_own" {
  project = "books"
  role    = google_project_iam_custom_role.good_own.id
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}
