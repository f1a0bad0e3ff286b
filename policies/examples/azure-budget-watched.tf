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

resource "azurerm_consumption_budget_subscription" "good_roles" {
  name            = "good_roles-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator      = "GreaterThan"
    threshold     = 80
    contact_roles = ["Owner"]
  }
}

resource "azurerm_consumption_budget_subscription" "good_groups" {
  name            = "good_groups-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 80
    contact_groups = ["group"]
  }
}

resource "azurerm_consumption_budget_subscription" "bad_late" {
  name            = "bad_late-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 150
    contact_emails = ["platform-team@tallystick.example"]
  }
}

resource "azurerm_consumption_budget_subscription" "bad_unheard" {
  name            = "bad_unheard-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator  = "GreaterThan"
    threshold = 80
  }
}

resource "azurerm_consumption_budget_subscription" "unknown_threshold" {
  name            = "unknown_threshold-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = terraform_data.later.output
    contact_emails = ["platform-team@tallystick.example"]
  }
}

resource "terraform_data" "later" {
  input = 80
}

resource "azurerm_consumption_budget_subscription" "bad_never_early" {
  name            = "bad-never-early-budget"
  subscription_id = "/subscriptions/30000000-0000-4000-8000-000000000003"
  amount          = 1000

  time_period {
    start_date = "2026-01-01T00:00:00Z"
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 120
    contact_emails = ["platform-team@tallystick.example"]
  }
}

resource "azurerm_consumption_budget_subscription" "good_after" {
  name            = "good-after-budget"
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

  notification {
    operator       = "GreaterThan"
    threshold      = 120
    contact_emails = ["platform-team@tallystick.example"]
  }
}
