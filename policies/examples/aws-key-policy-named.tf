resource "aws_kms_key" "good" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
    }]
  })
}

resource "aws_kms_key" "unknown_absent" {
  description = "The policy of the account."
}

resource "aws_kms_key" "bad_anybody" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "*" }
    }]
  })
}

resource "aws_kms_key" "bad_bypass" {
  bypass_policy_lockout_safety_check = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
    }]
  })
}

resource "aws_kms_key" "unknown_principal" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = terraform_data.later.output }
    }]
  })
}

resource "terraform_data" "later" {
  input = "arn:aws:iam::111111111111:root"
}
