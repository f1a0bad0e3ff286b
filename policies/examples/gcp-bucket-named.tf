resource "google_storage_bucket_iam_member" "good" {
  bucket = "books"
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_storage_bucket_iam_member" "bad_anybody" {
  bucket = "books"
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_storage_bucket_iam_member" "bad_signed_in" {
  bucket = "books"
  role   = "roles/storage.objectViewer"
  member = "allAuthenticatedUsers"
}

resource "google_storage_bucket_iam_member" "unknown_member" {
  bucket = "books"
  role   = "roles/storage.objectViewer"
  member = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}
