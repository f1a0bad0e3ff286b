resource "azurerm_monitor_diagnostic_setting" "good" {
  name                       = "good-activity"
  target_resource_id         = "/subscriptions/30000000-0000-4000-8000-000000000003"
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "Administrative"
  }

  enabled_log {
    category = "Security"
  }

  enabled_log {
    category = "Policy"
  }
}

resource "azurerm_monitor_diagnostic_setting" "bad_one" {
  name                       = "bad_one-activity"
  target_resource_id         = "/subscriptions/30000000-0000-4000-8000-000000000003/resourceGroups/books"
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "Administrative"
  }

  enabled_log {
    category = "Security"
  }

  enabled_log {
    category = "Policy"
  }
}

resource "azurerm_monitor_diagnostic_setting" "bad_partly" {
  name                       = "bad_partly-activity"
  target_resource_id         = "/subscriptions/30000000-0000-4000-8000-000000000003"
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "Administrative"
  }

  enabled_log {
    category = "Policy"
  }
}

resource "azurerm_monitor_diagnostic_setting" "unknown_category" {
  name                       = "unknown_category-activity"
  target_resource_id         = "/subscriptions/30000000-0000-4000-8000-000000000003"
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "Administrative"
  }

  enabled_log {
    category = terraform_data.later.output
  }

  enabled_log {
    category = "Policy"
  }
}

resource "azurerm_virtual_network" "bad_none" {
  name                = "bad-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "terraform_data" "later" {
  input = "Security"
}
