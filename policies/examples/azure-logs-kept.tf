resource "azurerm_log_analytics_workspace" "good" {
  name                         = "good-workspace"
  location                     = "westeurope"
  resource_group_name          = "books"
  retention_in_days            = 365
  local_authentication_enabled = false
}

resource "azurerm_log_analytics_workspace" "good_old_name" {
  name                          = "good_old_name-workspace"
  location                      = "westeurope"
  resource_group_name           = "books"
  retention_in_days             = 365
  local_authentication_disabled = true
}

resource "azurerm_log_analytics_workspace" "bad_short" {
  name                         = "bad_short-workspace"
  location                     = "westeurope"
  resource_group_name          = "books"
  retention_in_days            = 30
  local_authentication_enabled = false
}

resource "azurerm_log_analytics_workspace" "bad_shared" {
  name                         = "bad_shared-workspace"
  location                     = "westeurope"
  resource_group_name          = "books"
  retention_in_days            = 365
  local_authentication_enabled = true
}

resource "azurerm_log_analytics_workspace" "unknown_days" {
  name                         = "unknown_days-workspace"
  location                     = "westeurope"
  resource_group_name          = "books"
  retention_in_days            = terraform_data.later.output
  local_authentication_enabled = false
}

resource "terraform_data" "later" {
  input = 365
}
