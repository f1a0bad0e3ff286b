locals {
  secure = { for key, bucket in local.buckets : key => {
    Sid       = "OnlyOverTls"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = ["arn:aws:s3:::${bucket.name}", "arn:aws:s3:::${bucket.name}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  } }

  modern = { for key, bucket in local.buckets : key => {
    Sid       = "OnlyOverTls12"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = ["arn:aws:s3:::${bucket.name}", "arn:aws:s3:::${bucket.name}/*"]
    Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
  } }

  delivered = { for key, bucket in local.access : key => {
    Sid       = "DeliverAccessLogs"
    Effect    = "Allow"
    Principal = { Service = ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"] }
    Action    = "s3:PutObject"
    Resource  = "arn:aws:s3:::${bucket.name}/*"
    Condition = { StringEquals = { "aws:SourceAccount" = var.naming.account } }
  } }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  region = each.value.region
  bucket = aws_s3_bucket_public_access_block.this[each.key].bucket

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.secure[each.key], local.modern[each.key]], [for owner, statement in local.delivered : statement if owner == each.key])
  })
}
