resource "aws_sqs_queue_policy" "good" {
  queue_url = "https://sqs.eu-central-1.amazonaws.com/333333333333/books"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
    }]
  })
}

resource "aws_sqs_queue_policy" "good_bound" {
  queue_url = "https://sqs.eu-central-1.amazonaws.com/333333333333/books"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = "*"
      Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-books" } }
    }]
  })
}

resource "aws_sqs_queue_policy" "bad_anybody" {
  queue_url = "https://sqs.eu-central-1.amazonaws.com/333333333333/books"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = "*"
    }]
  })
}

resource "aws_sqs_queue_policy" "bad_hollow" {
  queue_url = "https://sqs.eu-central-1.amazonaws.com/333333333333/books"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { AWS = "*" }
      Condition = { Bool = { "aws:SecureTransport" = "true" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "bad_bucket" {
  bucket = "books"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::books/*"
      Principal = "*"
    }]
  })
}

resource "aws_sqs_queue_policy" "unknown_policy" {
  queue_url = "https://sqs.eu-central-1.amazonaws.com/333333333333/books"
  policy    = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}
