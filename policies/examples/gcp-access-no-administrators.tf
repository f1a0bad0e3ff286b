resource "google_project_iam_member" "good" {
  project = "books"
  role    = "roles/cloudsql.client"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_giver" {
  project = "books"
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "bad_security" {
  project = "books"
  role    = "roles/iam.securityAdmin"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_project_iam_member" "good_bound" {
  project = "books"
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = "serviceAccount:ledger@books.iam.gserviceaccount.com"

  condition {
    title      = "some-roles"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/cloudsql.client'])"
  }
}
