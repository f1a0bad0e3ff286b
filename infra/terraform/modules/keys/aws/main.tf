# One key for each purpose, so that who may read logs cannot read rows. Every key of this cloud lives in a hardware
# module; administrators manage keys and cannot use them.

locals {
  purposes = jsondecode(file("${path.module}/../purposes.json"))
  regions  = var.recovery ? [var.naming.region, var.naming.recovery_region] : [var.naming.region]
  role     = "arn:aws:iam::${var.naming.account}:role/"
  root     = "arn:aws:iam::${var.naming.account}:root"

  # Who may use a key, and through which of the cloud's services.
  uses = {
    data    = { roles = ["${var.naming.prefix}-*"], services = ["rds", "ec2", "ecr"] }
    secrets = { roles = ["${var.naming.prefix}-*"], services = ["secretsmanager", "eks"] }
    record  = { roles = ["${var.naming.prefix}-*"], services = ["s3"] }
    logs    = { roles = ["${var.naming.prefix}-apply", "${var.naming.prefix}-plan"], services = ["s3", "sns"] }
  }

  # The cloud's own writers of logs have no role of ours; each is held to this account, the trail to itself.
  writers = [
    "cloudwatch.amazonaws.com", "delivery.logs.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com",
  ]
  trail = "arn:aws:cloudtrail:${var.naming.region}:${var.naming.account}:trail/${var.naming.prefix}"

  # Who starts nodes: a role of the cloud's own, whose rights come from a key's policy alone.
  starter = "${local.role}aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
}

resource "aws_kms_key" "this" {
  for_each = local.purposes

  region                  = var.naming.region
  description             = "For ${each.value.what}."
  key_usage               = "ENCRYPT_DECRYPT"
  enable_key_rotation     = true
  rotation_period_in_days = var.settings.rotation_days
  deletion_window_in_days = var.settings.deletion_days
  multi_region            = var.recovery && each.value.recovers
  policy                  = local.policies[each.key]
  tags                    = merge(var.naming.tags.keys, { Name = "${var.naming.prefix}-${each.key}", purpose = each.key })
}

resource "aws_kms_alias" "this" {
  for_each = local.purposes

  region        = var.naming.region
  name          = "alias/${var.naming.prefix}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

resource "aws_kms_replica_key" "this" {
  for_each = { for purpose, key in local.purposes : purpose => key if var.recovery && key.recovers }

  region                  = var.naming.recovery_region
  description             = "For ${each.value.what}, in the recovery region."
  primary_key_arn         = aws_kms_key.this[each.key].arn
  deletion_window_in_days = var.settings.deletion_days
  policy                  = local.policies[each.key]
  tags                    = merge(var.naming.tags.keys, { Name = "${var.naming.prefix}-${each.key}-recovery", purpose = each.key })
}
