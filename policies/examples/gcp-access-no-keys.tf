resource "google_service_account_key" "bad_key" {
  service_account_id = "somebody"
}

resource "google_service_account" "other_account" {
  account_id = "somebody"
}
