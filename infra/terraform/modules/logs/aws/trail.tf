resource "aws_cloudwatch_log_group" "trail" {
  region            = var.naming.region
  name              = "/${var.naming.prefix}/trail"
  kms_key_id        = var.key_arn
  retention_in_days = var.settings.hot_days
  tags              = local.tags
}

resource "aws_iam_role" "trail" {
  name                 = "${var.naming.prefix}-trail"
  permissions_boundary = var.boundary_arn
  tags                 = var.naming.tags.logs

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
    }]
  })
}

resource "aws_iam_role_policy" "trail" {
  name = "write"
  role = aws_iam_role.trail.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteToOwnGroup"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:aws:logs:${var.naming.region}:${var.naming.account}:log-group:${aws_cloudwatch_log_group.trail.name}:log-stream:*"
    }]
  })
}

resource "aws_cloudtrail" "this" {
  region                        = var.naming.region
  name                          = var.naming.prefix
  s3_bucket_name                = aws_s3_bucket_policy.archive.bucket
  s3_key_prefix                 = "trail"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = var.key_arn
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  sns_topic_name                = aws_sns_topic_policy.alerts.arn
  tags                          = local.tags

  advanced_event_selector {
    name = "what is managed"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  advanced_event_selector {
    name = "reads and writes of the record and the backups"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = [for bucket in values(var.bucket_arns) : "${bucket}/"]
    }
  }

  insight_selector {
    insight_type = "ApiCallRateInsight"
  }

  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }
}

# Where anything stands it is watched, so in the recovery region too.
resource "aws_guardduty_detector" "this" {
  for_each = var.settings.threats ? local.regions : {}

  region                       = each.value
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
  tags                         = local.tags
}

resource "aws_accessanalyzer_analyzer" "this" {
  for_each = local.regions

  region        = each.value
  analyzer_name = var.naming.prefix
  type          = "ACCOUNT"
  tags          = local.tags
}

resource "aws_ebs_encryption_by_default" "this" {
  for_each = local.regions

  region  = each.value
  enabled = true
}
