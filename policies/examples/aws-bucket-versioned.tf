resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"
}

resource "aws_s3_bucket_versioning" "good" {
  bucket = aws_s3_bucket.good.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "bad_suspended" {
  bucket = "bad_suspended-bucket"
}

resource "aws_s3_bucket_versioning" "bad_suspended" {
  bucket = aws_s3_bucket.bad_suspended.id

  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_s3_bucket" "unknown_status" {
  bucket = "unknown_status-bucket"
}

resource "aws_s3_bucket_versioning" "unknown_status" {
  bucket = aws_s3_bucket.unknown_status.id

  versioning_configuration {
    status = terraform_data.later.output
  }
}

resource "aws_s3_bucket" "unknown_bucket" {
  bucket = "unknown_bucket-bucket"
}

resource "aws_s3_bucket_versioning" "unknown_bucket" {
  bucket = terraform_data.bucket.output

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "bad_bare" {
  bucket = "bad-bare-bucket"
}

resource "terraform_data" "later" {
  input = "Enabled"
}

resource "terraform_data" "bucket" {
  input = "unknown-bucket-bucket"
}
