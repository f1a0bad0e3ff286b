# What is written here is copied to the recovery region; deletions are not.

resource "aws_iam_role" "replication" {
  count = var.settings.replica ? 1 : 0

  name                 = "${var.naming.prefix}-replication"
  permissions_boundary = var.boundary_arn
  tags                 = var.naming.tags.record

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  count = var.settings.replica ? 1 : 0

  name = "replicate"
  role = aws_iam_role.replication[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadSource"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [for purpose in keys(local.days) : "arn:aws:s3:::${local.locked["${purpose}-here"].name}"]
      },
      {
        Sid    = "ReadVersions"
        Effect = "Allow"
        Action = ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        Resource = [for purpose in keys(local.days) : "arn:aws:s3:::${local.locked["${purpose}-here"].name}/*"]
      },
      {
        Sid      = "WriteCopies"
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = [for purpose in keys(local.days) : "arn:aws:s3:::${local.locked["${purpose}-recovery"].name}/*"]
      },
      {
        Sid      = "ReadWithKey"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.key_arn
      },
      {
        Sid      = "WriteWithKey"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.recovery_key_arn
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = var.settings.replica ? local.days : {}

  region = var.naming.region
  bucket = aws_s3_bucket_versioning.this["${each.key}-here"].bucket
  role   = aws_iam_role.replication[0].arn

  rule {
    id       = "recovery"
    status   = "Enabled"
    priority = 1

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = "arn:aws:s3:::${aws_s3_bucket_versioning.this["${each.key}-recovery"].bucket}"
      storage_class = "STANDARD_IA"

      encryption_configuration {
        replica_kms_key_id = var.recovery_key_arn
      }

      replication_time {
        status = "Enabled"

        time {
          minutes = 15
        }
      }

      metrics {
        status = "Enabled"

        event_threshold {
          minutes = 15
        }
      }
    }
  }
}
