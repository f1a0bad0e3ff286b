# A budget that rings before it is spent, and a watch for what is unlike other days; labels say who pays.

resource "azurerm_consumption_budget_subscription" "this" {
  name            = var.naming.prefix
  subscription_id = "/subscriptions/${var.naming.account}"
  amount          = var.settings.monthly
  time_grain      = "Monthly"

  time_period {
    start_date = var.settings.since
  }

  dynamic "notification" {
    for_each = merge(
      { for threshold in var.settings.thresholds : "actual-${threshold}" => { threshold = threshold, kind = "Actual" } },
      { forecast = { threshold = 100, kind = "Forecasted" } },
    )

    content {
      enabled        = true
      operator       = "GreaterThan"
      threshold      = notification.value.threshold
      threshold_type = notification.value.kind
      contact_emails = [var.contact]
      contact_groups = [var.action_group_id]
    }
  }
}

resource "azurerm_cost_anomaly_alert" "this" {
  name            = var.naming.prefix
  display_name    = "Costs of ${var.naming.prefix} are unlike other days"
  subscription_id = "/subscriptions/${var.naming.account}"
  email_subject   = "Costs of ${var.naming.prefix}"
  email_addresses = [var.contact]
  message         = "Look at what was made or grew since yesterday."
}
