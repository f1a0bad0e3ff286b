resource "azurerm_storage_account" "good" {
  name                       = "books"
  location                   = "westeurope"
  resource_group_name        = "books"
  account_tier               = "Standard"
  account_replication_type   = "ZRS"
  min_tls_version            = "TLS1_2"
  https_traffic_only_enabled = true
}

resource "azurerm_storage_account" "good_default" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"
}

resource "azurerm_storage_account" "bad_old" {
  name                       = "books"
  location                   = "westeurope"
  resource_group_name        = "books"
  account_tier               = "Standard"
  account_replication_type   = "ZRS"
  min_tls_version            = "TLS1_0"
  https_traffic_only_enabled = true
}

resource "azurerm_storage_account" "bad_plain" {
  name                       = "books"
  location                   = "westeurope"
  resource_group_name        = "books"
  account_tier               = "Standard"
  account_replication_type   = "ZRS"
  min_tls_version            = "TLS1_2"
  https_traffic_only_enabled = false
}

resource "azurerm_storage_account" "unknown_floor" {
  name                       = "books"
  location                   = "westeurope"
  resource_group_name        = "books"
  account_tier               = "Standard"
  account_replication_type   = "ZRS"
  min_tls_version            = terraform_data.later.output
  https_traffic_only_enabled = true
}

resource "terraform_data" "later" {
  input = "TLS1_2"
}
