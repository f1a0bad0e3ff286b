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
