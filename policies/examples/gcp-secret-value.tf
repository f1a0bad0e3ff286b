resource "google_secret_manager_secret_version" "good" {
  secret                 = "projects/books/secrets/ledger"
  secret_data_wo         = "never kept"
  secret_data_wo_version = 1
}

resource "google_secret_manager_secret_version" "bad_text" {
  secret      = "projects/books/secrets/ledger"
  secret_data = "hunter2"
}
