resource "azurerm_role_definition" "good" {
  name  = "good-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["Microsoft.Storage/storageAccounts/read"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_all" {
  name  = "bad_all-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["*"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_data" {
  name  = "bad_data-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["Microsoft.Storage/storageAccounts/read"]
    data_actions = ["*"]
  }
}

resource "azurerm_role_definition" "unknown_actions" {
  name  = "unknown_actions-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = terraform_data.later.output
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "terraform_data" "later" {
  input = ["Microsoft.Storage/storageAccounts/read"]
}
