resource "azurerm_user_assigned_identity" "good" {
  name                = "good"
  location            = "westeurope"
  resource_group_name = "books"
}

resource "azurerm_storage_share" "bad_share" {
  name               = "bad-share"
  storage_account_id = "books"
  quota              = 10
}
