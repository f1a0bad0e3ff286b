# What rings. The same alerts on every cloud; what they look for is this cloud's own.

locals {
  alerts = jsondecode(file("${path.module}/../alerts.json"))
  patterns = {
    root     = "{ ($.userIdentity.type = \"Root\") && ($.eventType != \"AwsServiceEvent\") }"
    unsigned = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.responseElements.ConsoleLogin = \"Success\") }"
    denied   = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
    keys = format("{ ($.eventSource = \"kms.amazonaws.com\") && (%s) }",
    join(" || ", [for name in ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKeyRotation"] : "($.eventName = \"${name}\")"]))
    trail = format("{ %s }",
    join(" || ", [for name in ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "DeleteDetector", "DeleteFlowLogs"] : "($.eventName = \"${name}\")"]))
    network = format("{ %s }",
      join(" || ", [for name in ["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
        "CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry", "CreateRoute", "ReplaceRoute", "DeleteRoute",
    "AttachInternetGateway", "CreateVpcPeeringConnection"] : "($.eventName = \"${name}\")"]))
    access = format("{ %s }",
      join(" || ", [for name in ["AttachRolePolicy", "PutRolePolicy", "UpdateAssumeRolePolicy", "CreatePolicyVersion", "CreateUser",
    "CreateAccessKey", "PutUserPolicy", "AttachUserPolicy", "CreateOpenIDConnectProvider"] : "($.eventName = \"${name}\")"]))
    objects = format("{ ($.eventSource = \"s3.amazonaws.com\") && (%s) }",
      join(" || ", [for name in ["PutBucketPolicy", "DeleteBucketPolicy", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock",
    "PutBucketAcl", "PutBucketReplication", "PutObjectLockConfiguration", "PutBucketLifecycle"] : "($.eventName = \"${name}\")"]))
  }
  many = { denied = 20 }
}

resource "aws_sns_topic" "alerts" {
  region            = var.naming.region
  name              = "${var.naming.prefix}-alerts"
  kms_master_key_id = var.key_arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "alerts" {
  region = var.naming.region
  arn    = aws_sns_topic.alerts.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Ring"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = local.topics
        Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
      },
      {
        Sid       = "RingByTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topics
        Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
      },
      {
        # Source: AWS EventBridge user guide, "Amazon SNS permissions": no condition is allowed here.
        Sid       = "RingByEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topics
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  region    = var.naming.region
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.contact
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.alerts

  region         = var.naming.region
  name           = "${var.naming.prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = local.patterns[each.key]

  metric_transformation {
    name      = each.key
    namespace = "${var.naming.prefix}/alerts"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alerts

  region              = var.naming.region
  alarm_name          = "${var.naming.prefix}-${each.key}"
  alarm_description   = "Rings when ${each.value.what}."
  namespace           = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].namespace
  metric_name         = each.key
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = lookup(local.many, each.key, 1)
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  actions_enabled     = true
  alarm_actions       = [aws_sns_topic.alerts.arn]
  tags                = local.tags
}
