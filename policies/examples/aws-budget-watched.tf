resource "aws_budgets_budget" "good" {
  name         = "good-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["platform-team@tallystick.example"]
  }
}

resource "aws_budgets_budget" "bad_unheard" {
  name         = "bad_unheard-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}

resource "aws_budgets_budget" "bad_late" {
  name         = "bad_late-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 150
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["platform-team@tallystick.example"]
  }
}

resource "aws_budgets_budget" "unknown_threshold" {
  name         = "unknown_threshold-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = terraform_data.later.output
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["platform-team@tallystick.example"]
  }
}

resource "terraform_data" "later" {
  input = 80
}

resource "aws_budgets_budget" "good_after" {
  name         = "good-after-budget"
  budget_type  = "COST"
  limit_amount = "1000"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["platform-team@tallystick.example"]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 120
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["platform-team@tallystick.example"]
  }
}
