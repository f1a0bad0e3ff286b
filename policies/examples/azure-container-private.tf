resource "azurerm_storage_container" "good" {
  name                  = "good-container"
  storage_account_id    = "account"
  container_access_type = "private"
}

resource "azurerm_storage_container" "good_default" {
  name               = "good_default-container"
  storage_account_id = "account"
}

resource "azurerm_storage_container" "bad_blob" {
  name                  = "bad_blob-container"
  storage_account_id    = "account"
  container_access_type = "blob"
}

resource "azurerm_storage_container" "unknown_access" {
  name                  = "unknown_access-container"
  storage_account_id    = "account"
  container_access_type = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "private"
}
