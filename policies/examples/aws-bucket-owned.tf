resource "aws_s3_bucket" "good" {
  bucket        = "good-bucket"
  force_destroy = false
}

resource "aws_s3_bucket_ownership_controls" "good" {
  bucket = aws_s3_bucket.good.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket" "bad_writer" {
  bucket        = "bad_writer-bucket"
  force_destroy = false
}

resource "aws_s3_bucket_ownership_controls" "bad_writer" {
  bucket = aws_s3_bucket.bad_writer.id

  rule {
    object_ownership = "ObjectWriter"
  }
}

resource "aws_s3_bucket" "bad_destroyed" {
  bucket        = "bad_destroyed-bucket"
  force_destroy = true
}

resource "aws_s3_bucket_ownership_controls" "bad_destroyed" {
  bucket = aws_s3_bucket.bad_destroyed.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket" "unknown_owner" {
  bucket        = "unknown_owner-bucket"
  force_destroy = false
}

resource "aws_s3_bucket_ownership_controls" "unknown_owner" {
  bucket = aws_s3_bucket.unknown_owner.id

  rule {
    object_ownership = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "BucketOwnerEnforced"
}
