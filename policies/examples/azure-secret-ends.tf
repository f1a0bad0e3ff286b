resource "azurerm_key_vault_secret" "good" {
  name             = "good-secret"
  key_vault_id     = "vault"
  expiration_date  = "2027-01-01T00:00:00Z"
  value_wo_version = 1
}

resource "azurerm_key_vault_secret" "bad_endless" {
  name             = "bad_endless-secret"
  key_vault_id     = "vault"
  value_wo_version = 1
}

resource "azurerm_key_vault_secret" "bad_written" {
  name            = "bad_written-secret"
  key_vault_id    = "vault"
  expiration_date = "2027-01-01T00:00:00Z"
  value           = "correct horse"
}

resource "azurerm_key_vault_secret" "unknown_end" {
  name             = "unknown_end-secret"
  key_vault_id     = "vault"
  expiration_date  = terraform_data.later.output
  value_wo_version = 1
}

resource "terraform_data" "later" {
  input = "2027-01-01T00:00:00Z"
}
