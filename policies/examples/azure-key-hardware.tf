resource "azurerm_key_vault_key" "good" {
  name         = "good-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
}

resource "azurerm_key_vault_key" "good_curve" {
  name         = "good_curve-key"
  key_vault_id = "vault"
  key_type     = "EC-HSM"
  curve        = "P-256"
  key_opts     = ["wrapKey", "unwrapKey"]
}

resource "azurerm_key_vault_key" "bad_software" {
  name         = "bad_software-key"
  key_vault_id = "vault"
  key_type     = "RSA"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
}

resource "azurerm_key_vault_key" "unknown_kind" {
  name         = "unknown_kind-key"
  key_vault_id = "vault"
  key_type     = terraform_data.later.output
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
}

resource "terraform_data" "later" {
  input = "RSA-HSM"
}
