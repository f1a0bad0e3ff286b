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

resource "azurerm_role_definition" "bad_writes" {
  name  = "bad-writes-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["*/write"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_acts" {
  name  = "bad-acts-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["*/action"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_gives" {
  name  = "bad-gives-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["Microsoft.Authorization/*"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_roles" {
  name  = "bad-roles-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["Microsoft.Authorization/roleAssignments/write"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "good_reads" {
  name  = "good-reads-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["*/read"]
    data_actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]
  }
}

resource "azurerm_role_definition" "bad_secrets" {
  name  = "bad-secrets-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions      = ["Microsoft.Storage/storageAccounts/read"]
    data_actions = ["Microsoft.KeyVault/*"]
  }
}
