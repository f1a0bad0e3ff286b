# A budget that rings before it is spent; labels say who pays.

resource "google_billing_budget" "this" {
  billing_account = var.billing_account
  display_name    = var.naming.prefix

  budget_filter {
    projects               = ["projects/${var.number}"]
    calendar_period        = "MONTH"
    credit_types_treatment = "EXCLUDE_ALL_CREDITS"
  }

  amount {
    specified_amount {
      currency_code = var.settings.currency
      units         = tostring(var.settings.monthly)
    }
  }

  dynamic "threshold_rules" {
    for_each = var.settings.thresholds

    content {
      threshold_percent = threshold_rules.value / 100
      spend_basis       = "CURRENT_SPEND"
    }
  }

  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = [var.channel_id]
    disable_default_iam_recipients   = false
  }
}
