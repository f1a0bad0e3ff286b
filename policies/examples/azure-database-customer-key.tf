resource "azurerm_postgresql_flexible_server" "good" {
  name                = "good-server"
  location            = "westeurope"
  resource_group_name = "books"

  customer_managed_key {
    key_vault_key_id                  = "https://vault.vault.azure.net/keys/data"
    primary_user_assigned_identity_id = "identity"
  }
}

resource "azurerm_postgresql_flexible_server" "bad_cloud_key" {
  name                = "bad-server"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_postgresql_flexible_server" "unknown_key" {
  name                = "unknown_key-server"
  location            = "westeurope"
  resource_group_name = "books"

  customer_managed_key {
    key_vault_key_id                  = terraform_data.later.output
    primary_user_assigned_identity_id = "identity"
  }
}

resource "terraform_data" "later" {
  input = "https://vault.vault.azure.net/keys/data"
}
