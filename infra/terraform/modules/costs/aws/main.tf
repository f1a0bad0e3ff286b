# A budget that rings before it is spent, and a watch for what is unlike other days. Which tags of a bill say who pays is
# set in the account that pays: the cloud takes it from no other, nor a watch by tag or account.

resource "aws_budgets_budget" "this" {
  name         = var.naming.prefix
  budget_type  = "COST"
  limit_amount = tostring(var.settings.monthly)
  limit_unit   = var.settings.currency
  time_unit    = "MONTHLY"
  tags         = var.naming.tags.costs

  dynamic "notification" {
    for_each = merge(
      { for threshold in var.settings.thresholds : "actual-${threshold}" => { threshold = threshold, kind = "ACTUAL" } },
      { forecast = { threshold = 100, kind = "FORECASTED" } },
    )

    content {
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value.threshold
      threshold_type             = "PERCENTAGE"
      notification_type          = notification.value.kind
      subscriber_email_addresses = [var.contact]
      subscriber_sns_topic_arns  = [var.topic_arn]
    }
  }
}

# An account has one of its kind. Source: AWS Cost Management user guide, "Getting started with Cost Anomaly Detection".
resource "aws_ce_anomaly_monitor" "this" {
  name              = var.naming.prefix
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
  tags              = var.naming.tags.costs
}

resource "aws_ce_anomaly_subscription" "this" {
  name             = var.naming.prefix
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.this.arn]
  tags             = var.naming.tags.costs

  subscriber {
    type    = "SNS"
    address = var.topic_arn
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_PERCENTAGE"
      values        = ["20"]
      match_options = ["GREATER_THAN_OR_EQUAL"]
    }
  }
}
