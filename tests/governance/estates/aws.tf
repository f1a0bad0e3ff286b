# An estate of examples: one object for each tampering of tests/governance/tampering_aws.py, and what these stand on.
terraform {
  backend "http" {}
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "environment" {
  type    = string
  default = "staging"
}

locals {
  tags = { managed-by = "tallystick", estate = "staging-aws" }
  buckets = toset([
    "opened", "unblocked", "unversioned", "weak", "shared", "unruled", "ruled", "unlocked", "trail", "calm",
  ])
  private = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }]
  })
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "eks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  reading = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::tallystick-calm/*" }]
  })
}

resource "aws_kms_key" "main" {
  for_each                = toset(["main", "still", "disabled", "dying", "shared"])
  description             = each.key
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags
}

resource "aws_kms_alias" "main" {
  name          = "alias/tallystick"
  target_key_id = aws_kms_key.main["main"].key_id
}

resource "aws_s3_bucket" "main" {
  for_each            = local.buckets
  bucket              = "tallystick-${each.key}"
  object_lock_enabled = each.key == "unlocked"
  tags                = local.tags
}

resource "aws_s3_bucket_public_access_block" "main" {
  for_each                = toset(["opened", "unblocked", "calm"])
  bucket                  = aws_s3_bucket.main[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "main" {
  for_each = toset(["unversioned", "calm"])
  bucket   = aws_s3_bucket.main[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  for_each = toset(["weak", "calm"])
  bucket   = aws_s3_bucket.main[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main["main"].arn
    }
    bucket_key_enabled = true
  }
}

resource "aws_s3_bucket_policy" "main" {
  for_each = toset(["shared", "unruled", "calm"])
  bucket   = aws_s3_bucket.main[each.key].id
  policy   = local.private
}

resource "aws_s3_bucket_object_lock_configuration" "unlocked" {
  bucket = aws_s3_bucket.main["unlocked"].id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 365
    }
  }
}

resource "aws_iam_role" "main" {
  for_each           = toset(["trusted", "raised", "inlined", "detached", "calm"])
  name               = "tallystick-${each.key}"
  assume_role_policy = local.trust
  tags               = local.tags
}

resource "aws_iam_policy" "widened" {
  name   = "tallystick-widened"
  policy = local.reading
}

resource "aws_iam_role_policy_attachment" "detached" {
  role       = aws_iam_role.main["detached"].name
  policy_arn = aws_iam_policy.widened.arn
}

resource "aws_vpc" "main" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  tags                 = local.tags
}

resource "aws_subnet" "main" {
  for_each          = { data-a = 1, data-b = 2, exposed = 3 }
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.20.${each.value}.0/24"
  availability_zone = each.value == 2 ? "eu-central-1b" : "eu-central-1a"
  tags              = local.tags
}

resource "aws_security_group" "main" {
  for_each    = toset(["data", "pierced"])
  name        = "tallystick-${each.key}"
  description = each.key
  vpc_id      = aws_vpc.main.id
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "widened" {
  security_group_id = aws_security_group.main["data"].id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_vpc_security_group_egress_rule" "shut" {
  security_group_id = aws_security_group.main["data"].id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.20.0.0/16"
}

resource "aws_cloudwatch_log_group" "main" {
  for_each          = toset(["flow", "brief", "plain"])
  name              = "/tallystick/${each.key}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.main["main"].arn
  tags              = local.tags
}

resource "aws_flow_log" "main" {
  vpc_id          = aws_vpc.main.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.main["flow"].arn
  iam_role_arn    = aws_iam_role.main["calm"].arn
}

resource "aws_db_subnet_group" "main" {
  name       = "tallystick"
  subnet_ids = [aws_subnet.main["data-a"].id, aws_subnet.main["data-b"].id]
}

resource "aws_db_parameter_group" "clear" {
  name   = "tallystick-clear"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "main" {
  for_each                    = toset(["public", "unguarded", "gone"])
  identifier                  = "tallystick-${each.key}"
  engine                      = "postgres"
  engine_version              = "16.3"
  instance_class              = "db.t3.medium"
  allocated_storage           = 20
  username                    = "tallystick"
  manage_master_user_password = true
  # moto makes a customer's key for every database whose password names none; AWS uses its own.
  master_user_secret_kms_key_id = aws_kms_key.main["main"].arn
  storage_encrypted             = true
  kms_key_id                    = aws_kms_key.main["main"].arn
  multi_az                      = true
  backup_retention_period       = 30
  deletion_protection           = each.key != "gone"
  skip_final_snapshot           = true
  db_subnet_group_name          = aws_db_subnet_group.main.name
  vpc_security_group_ids        = [aws_security_group.main["data"].id]
  tags                          = local.tags
}

resource "aws_secretsmanager_secret" "main" {
  for_each   = toset(["told", "lost", "rekeyed"])
  name       = "tallystick/${each.key}"
  kms_key_id = aws_kms_key.main["main"].arn
  tags       = local.tags
}

resource "aws_cloudtrail" "main" {
  for_each                   = toset(["deaf", "cut", "unchecked"])
  name                       = "tallystick-${each.key}"
  s3_bucket_name             = aws_s3_bucket.main["trail"].id
  is_multi_region_trail      = true
  enable_log_file_validation = true
  tags                       = local.tags
}

resource "aws_eks_cluster" "open" {
  name                      = "tallystick-open"
  role_arn                  = aws_iam_role.main["calm"].arn
  enabled_cluster_log_types = ["api", "audit"]
  vpc_config {
    subnet_ids              = [aws_subnet.main["data-a"].id, aws_subnet.main["data-b"].id]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
  tags = local.tags
}

resource "aws_eks_node_group" "main" {
  for_each        = toset(["grown", "burst"])
  cluster_name    = aws_eks_cluster.open.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.main["calm"].arn
  subnet_ids      = [aws_subnet.main["data-a"].id]
  scaling_config {
    min_size     = 1
    max_size     = 5
    desired_size = 2
  }
}
