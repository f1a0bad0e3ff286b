resource "azurerm_key_vault_key" "good" {
  name         = "good-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = "P180D"

    automatic {
      time_before_expiry = "P30D"
    }
  }
}

resource "azurerm_key_vault_key" "good_after" {
  name         = "good_after-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = "P180D"

    automatic {
      time_after_creation = "P90D"
    }
  }
}

resource "azurerm_key_vault_key" "bad_by_hand" {
  name         = "bad_by_hand-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = "P180D"
  }
}

resource "azurerm_key_vault_key" "bad_endless" {
  name         = "bad_endless-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {

    automatic {
      time_before_expiry = "P30D"
    }
  }
}

resource "azurerm_key_vault_key" "unknown_end" {
  name         = "unknown_end-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = terraform_data.later.output

    automatic {
      time_before_expiry = "P30D"
    }
  }
}

resource "terraform_data" "later" {
  input = "P180D"
}

resource "azurerm_key_vault_key" "bad_ages" {
  name         = "bad-ages-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = "P99Y"

    automatic {
      time_before_expiry = "P30D"
    }
  }
}

resource "azurerm_key_vault_key" "good_years" {
  name         = "good-years-key"
  key_vault_id = "vault"
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    expire_after = "P1Y6M"

    automatic {
      time_before_expiry = "P30D"
    }
  }
}
