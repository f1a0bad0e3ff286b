# The record and the backups: locked against everyone for their time, versioned, encrypted with the record's key, open
# to nobody outside, logged, and copied to the recovery region where that is asked for.

locals {
  days = { record = var.settings.record_days, backups = var.settings.backup_days }
  locked = merge([for region in concat(["here"], var.settings.replica ? ["recovery"] : []) : {
    for purpose, days in local.days : "${purpose}-${region}" => {
      purpose = purpose
      days    = days
      region  = region == "here" ? var.naming.region : var.naming.recovery_region
      name    = "${var.naming.prefix}-${purpose}-${var.naming.account}${region == "here" ? "" : "-recovery"}"
    }
  }]...)
  access = { for key, place in merge({ "access-here" = var.naming.region },
    var.settings.replica ? { "access-recovery" = var.naming.recovery_region } : {}) : key => {
    purpose = "access"
    region  = place
    name    = "${var.naming.prefix}-access-${var.naming.account}${key == "access-here" ? "" : "-recovery"}"
  } }
  buckets = merge(local.locked, local.access)
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  region              = each.value.region
  bucket              = each.value.name
  object_lock_enabled = contains(keys(local.locked), each.key)
  force_destroy       = false
  tags                = merge(var.naming.tags[each.value.purpose], { Name = each.value.name, purpose = each.value.purpose })
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  region = each.value.region
  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  region                  = each.value.region
  bucket                  = aws_s3_bucket.this[each.key].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  region = each.value.region
  bucket = aws_s3_bucket.this[each.key].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

# Access logs are delivered to buckets with the cloud's own key only.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  region = each.value.region
  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    bucket_key_enabled = contains(keys(local.locked), each.key)

    apply_server_side_encryption_by_default {
      sse_algorithm     = contains(keys(local.locked), each.key) ? "aws:kms" : "AES256"
      kms_master_key_id = startswith(each.key, "access-") ? null : endswith(each.key, "-here") ? var.key_arn : var.recovery_key_arn
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  for_each = local.locked

  region = each.value.region
  bucket = aws_s3_bucket.this[each.key].bucket

  rule {
    default_retention {
      mode = upper(var.settings.lock)
      days = each.value.days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  region = each.value.region
  bucket = aws_s3_bucket_versioning.this[each.key].bucket

  rule {
    id     = "end-of-life"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value.purpose == "access" ? 30 : each.value.days
    }

    dynamic "expiration" {
      for_each = each.value.purpose == "record" ? [] : [
        each.value.purpose == "access" ? var.settings.access_log_days : var.settings.backup_days
      ]

      content {
        days = expiration.value
      }
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.locked

  region        = each.value.region
  bucket        = aws_s3_bucket.this[each.key].bucket
  target_bucket = aws_s3_bucket.this[each.value.region == var.naming.region ? "access-here" : "access-recovery"].bucket
  target_prefix = "${each.value.purpose}/"
}
