resource "azurerm_role_assignment" "good" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "Reader"
}

resource "azurerm_role_assignment" "bad_owner" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "Owner"
}

resource "azurerm_role_assignment" "bad_contributor" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "Contributor"
}

resource "azurerm_role_assignment" "unknown_role" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "Reader"
}

resource "azurerm_role_assignment" "bad_giver" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "Role Based Access Control Administrator"
}

resource "azurerm_role_assignment" "bad_user_access" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "User Access Administrator"
}

resource "azurerm_role_assignment" "bad_by_number" {
  scope              = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id       = "a3000000-0000-4000-8000-00000000000a"
  role_definition_id = "/subscriptions/30000000-0000-4000-8000-000000000003/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
}

resource "azurerm_role_assignment" "good_bound" {
  scope                = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id         = "a3000000-0000-4000-8000-00000000000a"
  role_definition_name = "Role Based Access Control Administrator"
  condition_version    = "2.0"
  condition            = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}"
}

resource "azurerm_role_definition" "good_own" {
  name  = "good_own-role"
  scope = "/subscriptions/30000000-0000-4000-8000-000000000003"

  permissions {
    actions = ["Microsoft.Storage/storageAccounts/read"]
  }
}

resource "azurerm_role_assignment" "good_own" {
  scope              = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id       = "a3000000-0000-4000-8000-00000000000a"
  role_definition_id = azurerm_role_definition.good_own.role_definition_resource_id
}

resource "azurerm_role_assignment" "unknown_own" {
  scope              = "/subscriptions/30000000-0000-4000-8000-000000000003"
  principal_id       = "a3000000-0000-4000-8000-00000000000a"
  role_definition_id = terraform_data.later.output
}
