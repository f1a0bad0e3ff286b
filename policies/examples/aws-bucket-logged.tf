resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"
}

resource "aws_s3_bucket_logging" "good" {
  bucket        = aws_s3_bucket.good.id
  target_bucket = "logs-of-access"
  target_prefix = "good-bucket/"
}

resource "aws_s3_bucket" "bad_bare" {
  bucket = "bad-bare-bucket"
}

resource "aws_s3_bucket" "other_access" {
  bucket = "other-access-bucket"
  tags   = { purpose = "access" }
}

resource "aws_s3_bucket_logging" "other_access" {
  bucket        = "books"
  target_bucket = aws_s3_bucket.other_access.id
  target_prefix = "books/"
}

resource "aws_s3_bucket" "bad_tagged" {
  bucket = "bad-tagged-bucket"
  tags   = { purpose = "access" }
}
