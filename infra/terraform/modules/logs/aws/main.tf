# The log archive: one bucket that nobody can shorten, a trail of all regions with the reads and writes of the buckets of
# the record, and a searchable copy for the first weeks.

locals {
  name    = "${var.naming.prefix}-logs-${var.naming.account}"
  arn     = "arn:aws:s3:::${local.name}"
  tags    = var.naming.tags.logs
  trail   = "arn:aws:cloudtrail:${var.naming.region}:${var.naming.account}:trail/${var.naming.prefix}"
  regions = merge({ here = var.naming.region }, var.recovery ? { recovery = var.naming.recovery_region } : {})
  topics  = "arn:aws:sns:${var.naming.region}:${var.naming.account}:${var.naming.prefix}-alerts"
}

resource "aws_s3_bucket" "archive" {
  region              = var.naming.region
  bucket              = local.name
  object_lock_enabled = true
  force_destroy       = false
  tags                = merge(local.tags, { Name = local.name, purpose = "logs" })
}

resource "aws_s3_bucket_ownership_controls" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket.archive.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  region                  = var.naming.region
  bucket                  = aws_s3_bucket.archive.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket.archive.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket.archive.bucket

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket.archive.bucket

  rule {
    default_retention {
      mode = upper(var.settings.lock)
      days = var.settings.archive_days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket_versioning.archive.bucket

  rule {
    id     = "end-of-life"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    expiration {
      days = var.settings.archive_days
    }

    noncurrent_version_expiration {
      noncurrent_days = var.settings.archive_days
    }
  }
}

resource "aws_s3_bucket_logging" "archive" {
  region        = var.naming.region
  bucket        = aws_s3_bucket.archive.bucket
  target_bucket = var.access_bucket
  target_prefix = "logs/"
}

resource "aws_s3_bucket_policy" "archive" {
  region = var.naming.region
  bucket = aws_s3_bucket_public_access_block.archive.bucket

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.arn, "${local.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlyOverTls12"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.arn, "${local.arn}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
      {
        Sid       = "TrailAsks"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail } }
      },
      {
        Sid       = "TrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.arn}/trail/AWSLogs/${var.naming.account}/*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail, "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
      {
        Sid       = "DeliveryAsks"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource  = local.arn
        Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
      },
      {
        Sid       = "DeliveryWrites"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.arn}/*/AWSLogs/${var.naming.account}/*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account, "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}
