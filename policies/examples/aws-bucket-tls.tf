resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"
}

resource "aws_s3_bucket_policy" "good" {
  bucket = aws_s3_bucket.good.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::good-bucket/*"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket" "bad_reversed" {
  bucket = "bad_reversed-bucket"
}

resource "aws_s3_bucket_policy" "bad_reversed" {
  bucket = aws_s3_bucket.bad_reversed.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::bad_reversed-bucket/*"
      Condition = { Bool = { "aws:SecureTransport" = "true" } }
    }]
  })
}

resource "aws_s3_bucket" "bad_one" {
  bucket = "bad_one-bucket"
}

resource "aws_s3_bucket_policy" "bad_one" {
  bucket = aws_s3_bucket.bad_one.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::bad_one-bucket/*"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket" "bad_allows" {
  bucket = "bad_allows-bucket"
}

resource "aws_s3_bucket_policy" "bad_allows" {
  bucket = aws_s3_bucket.bad_allows.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::bad_allows-bucket/*"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_bucket" "unknown_policy" {
  bucket = "unknown_policy-bucket"
}

resource "aws_s3_bucket_policy" "unknown_policy" {
  bucket = aws_s3_bucket.unknown_policy.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::unknown_policy-bucket/*"
      Condition = { Bool = { "aws:SecureTransport" = terraform_data.later.output } }
    }]
  })
}

resource "aws_s3_bucket" "bad_bare" {
  bucket = "bad-bare-bucket"
}

resource "terraform_data" "later" {
  input = "false"
}
