resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"
}

resource "aws_s3_bucket_public_access_block" "good" {
  bucket                  = aws_s3_bucket.good.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "bad_new_lists" {
  bucket = "bad_new_lists-bucket"
}

resource "aws_s3_bucket_public_access_block" "bad_new_lists" {
  bucket                  = aws_s3_bucket.bad_new_lists.id
  block_public_acls       = false
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "bad_new_policies" {
  bucket = "bad_new_policies-bucket"
}

resource "aws_s3_bucket_public_access_block" "bad_new_policies" {
  bucket                  = aws_s3_bucket.bad_new_policies.id
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "bad_old_lists" {
  bucket = "bad_old_lists-bucket"
}

resource "aws_s3_bucket_public_access_block" "bad_old_lists" {
  bucket                  = aws_s3_bucket.bad_old_lists.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = false
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "bad_old_policies" {
  bucket = "bad_old_policies-bucket"
}

resource "aws_s3_bucket_public_access_block" "bad_old_policies" {
  bucket                  = aws_s3_bucket.bad_old_policies.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = false
}

resource "aws_s3_bucket" "bad_bare" {
  bucket = "bad-bare-bucket"
}

resource "aws_s3_bucket" "unknown_lists" {
  bucket = "unknown_lists-bucket"
}

resource "aws_s3_bucket_public_access_block" "unknown_lists" {
  bucket                  = aws_s3_bucket.unknown_lists.id
  block_public_acls       = terraform_data.later.output
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "terraform_data" "later" {
  input = true
}
