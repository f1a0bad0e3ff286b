# Homes for secrets: empty here, filled by the platform's own rotation, so that no value is in code or state. Each is under
# the key for secrets, is known in the recovery region too, and rings when its time has come.

locals {
  secrets = toset(var.names)
  tags    = merge(var.naming.tags.secrets, { rotation_days = tostring(var.settings.rotation_days) })
}

resource "aws_secretsmanager_secret" "this" {
  for_each = local.secrets

  region                  = var.naming.region
  name                    = "${var.naming.platform}/${var.naming.environment}/${each.key}"
  description             = "Filled and changed by the platform's own rotation."
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.settings.deletion_days
  tags                    = local.tags

  dynamic "replica" {
    # The region is known before its key is.
    for_each = var.settings.replica ? [var.naming.recovery_region] : []

    content {
      region     = replica.value
      kms_key_id = var.recovery_key_arn
    }
  }
}

# Whoever is not of this account is refused, whatever another policy says.
resource "aws_secretsmanager_secret_policy" "this" {
  for_each = local.secrets

  region              = var.naming.region
  secret_arn          = aws_secretsmanager_secret.this[each.key].arn
  block_public_policy = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOwnAccount"
      Effect    = "Deny"
      Principal = "*"
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
      Condition = { StringNotEquals = { "aws:PrincipalAccount" = var.naming.account } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "due" {
  region              = var.naming.region
  name                = "${var.naming.prefix}-secrets-due"
  description         = "Tells the platform's rotation that secrets are due."
  schedule_expression = "rate(${var.settings.rotation_days} days)"
  state               = "ENABLED"
  tags                = local.tags
}

resource "aws_cloudwatch_event_rule" "touched" {
  region      = var.naming.region
  name        = "${var.naming.prefix}-secrets-touched"
  description = "Tells when a secret was changed or its deletion begun."
  state       = "ENABLED"
  tags        = local.tags

  event_pattern = jsonencode({
    source        = ["aws.secretsmanager"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail        = { eventName = ["DeleteSecret", "PutResourcePolicy", "PutSecretValue", "UpdateSecret"] }
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = { due = aws_cloudwatch_event_rule.due.name, touched = aws_cloudwatch_event_rule.touched.name }

  region = var.naming.region
  rule   = each.value
  arn    = var.topic_arn
}
