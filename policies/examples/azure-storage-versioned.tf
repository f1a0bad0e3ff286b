resource "azurerm_storage_account" "good" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_account" "bad_overwritten" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  blob_properties {
    versioning_enabled = false

    delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_account" "bad_short" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 1
    }
  }
}

resource "azurerm_storage_account" "unknown_days" {
  name                     = "books"
  location                 = "westeurope"
  resource_group_name      = "books"
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = terraform_data.later.output
    }
  }
}

resource "terraform_data" "later" {
  input = 30
}
