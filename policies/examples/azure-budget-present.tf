resource "azurerm_consumption_budget_subscription" "good" {
  name            = "good-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 80
    contact_emails = ["platform-team@tallystick.example"]
  }
}

resource "azurerm_virtual_network" "bad_none" {
  name                = "bad-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_consumption_budget_subscription" "unknown_amount" {
  name            = "unknown_amount-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = terraform_data.later.output

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 80
    contact_emails = ["platform-team@tallystick.example"]
  }
}

resource "terraform_data" "later" {
  input = 1000
}
