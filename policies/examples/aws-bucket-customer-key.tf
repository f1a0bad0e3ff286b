resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "good" {
  bucket = aws_s3_bucket.good.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.good.arn
    }
  }
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "bad_cloud_key" {
  bucket = "bad_cloud_key-bucket"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bad_cloud_key" {
  bucket = aws_s3_bucket.bad_cloud_key.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "alias/aws/s3"
    }
  }
}

resource "aws_kms_key" "bad_algorithm" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "bad_algorithm" {
  bucket = "bad_algorithm-bucket"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bad_algorithm" {
  bucket = aws_s3_bucket.bad_algorithm.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "AES256"
      kms_master_key_id = aws_kms_key.bad_algorithm.arn
    }
  }
}

resource "aws_s3_bucket" "bad_bare" {
  bucket = "bad-bare-bucket"
}

resource "aws_s3_bucket" "other_access" {
  bucket = "other-access-bucket"
  tags   = { purpose = "access" }
}

resource "aws_kms_key" "unknown_algorithm" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "unknown_algorithm" {
  bucket = "unknown_algorithm-bucket"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "unknown_algorithm" {
  bucket = aws_s3_bucket.unknown_algorithm.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = terraform_data.later.output
      kms_master_key_id = aws_kms_key.unknown_algorithm.arn
    }
  }
}

resource "terraform_data" "later" {
  input = "aws:kms"
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
