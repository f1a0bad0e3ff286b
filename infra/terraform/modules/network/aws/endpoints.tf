# The cloud's own services are reached without the internet, by this account's people only.

locals {
  only_us = { StringEquals = { "aws:PrincipalAccount" = var.naming.account } }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.recovery ? [] : var.endpoints)

  region              = local.region
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for key, subnet in local.subnets : aws_subnet.this[key].id if subnet.segment == "keys"]
  security_group_ids  = [aws_security_group.this["keys"].id]
  tags                = merge(local.tags, { Name = "${local.name}-${each.key}", segment = "keys" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnAccount"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "${split(".", each.key)[0]}:*"
      Resource  = "*"
      Condition = local.only_us
    }]
  })
}

resource "aws_vpc_endpoint" "objects" {
  count = var.recovery ? 0 : 1

  region            = local.region
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for key, subnet in local.subnets : aws_route_table.this[key].id if subnet.segment == "services"]
  tags              = merge(local.tags, { Name = "${local.name}-s3" })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation"]
        Resource  = ["arn:aws:s3:::${var.naming.prefix}-*", "arn:aws:s3:::${var.naming.prefix}-*/*"]
        Condition = local.only_us
      },
      {
        Sid       = "LayersOfImages"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = "s3:GetObject"
        Resource  = "arn:aws:s3:::prod-${local.region}-starport-layer-bucket/*"
      },
    ]
  })
}
