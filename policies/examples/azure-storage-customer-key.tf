resource "azurerm_storage_account" "good" {
  name                              = "books"
  location                          = "westeurope"
  resource_group_name               = "books"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  infrastructure_encryption_enabled = true

  customer_managed_key {
    key_vault_key_id          = "https://vault.vault.azure.net/keys/data"
    user_assigned_identity_id = "identity"
  }
}

resource "azurerm_storage_account" "good_outside" {
  name                              = "books"
  location                          = "westeurope"
  resource_group_name               = "books"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  infrastructure_encryption_enabled = true
}

resource "azurerm_storage_account_customer_managed_key" "good_outside" {
  storage_account_id = azurerm_storage_account.good_outside.id
  key_name           = "data"
  key_vault_id       = "vault"
}

resource "azurerm_storage_account" "bad_cloud_key" {
  name                              = "books"
  location                          = "westeurope"
  resource_group_name               = "books"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  infrastructure_encryption_enabled = true
}

resource "azurerm_storage_account" "bad_once" {
  name                              = "books"
  location                          = "westeurope"
  resource_group_name               = "books"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  infrastructure_encryption_enabled = false

  customer_managed_key {
    key_vault_key_id          = "https://vault.vault.azure.net/keys/data"
    user_assigned_identity_id = "identity"
  }
}

resource "azurerm_storage_account" "unknown_twice" {
  name                              = "books"
  location                          = "westeurope"
  resource_group_name               = "books"
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  infrastructure_encryption_enabled = terraform_data.later.output

  customer_managed_key {
    key_vault_key_id          = "https://vault.vault.azure.net/keys/data"
    user_assigned_identity_id = "identity"
  }
}

resource "terraform_data" "later" {
  input = true
}
