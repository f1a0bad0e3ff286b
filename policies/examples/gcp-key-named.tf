resource "google_kms_crypto_key_iam_member" "good" {
  crypto_key_id = "key"
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_kms_crypto_key_iam_member" "bad_anybody" {
  crypto_key_id = "key"
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "allUsers"
}

resource "google_kms_crypto_key_iam_member" "bad_manages" {
  crypto_key_id = "key"
  role          = "roles/cloudkms.admin"
  member        = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_kms_crypto_key_iam_member" "unknown_member" {
  crypto_key_id = "key"
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "serviceAccount:ledger@books.iam.gserviceaccount.com"
}

resource "google_kms_crypto_key_iam_binding" "good_bound" {
  crypto_key_id = "books"
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  members       = ["serviceAccount:ledger@books.iam.gserviceaccount.com"]
}

resource "google_kms_crypto_key_iam_binding" "bad_bound" {
  crypto_key_id = "books"
  role          = "roles/cloudkms.cryptoKeyDecrypter"
  members       = ["allUsers"]
}
