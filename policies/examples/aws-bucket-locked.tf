resource "aws_s3_bucket" "good" {
  bucket              = "good-bucket"
  object_lock_enabled = true
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "good" {
  bucket = aws_s3_bucket.good.id

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 3653
    }
  }
}

resource "aws_s3_bucket" "good_years" {
  bucket              = "good_years-bucket"
  object_lock_enabled = true
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "good_years" {
  bucket = aws_s3_bucket.good_years.id

  rule {
    default_retention {
      mode  = "COMPLIANCE"
      years = 10
    }
  }
}

resource "aws_s3_bucket" "bad_off" {
  bucket              = "bad_off-bucket"
  object_lock_enabled = false
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "bad_off" {
  bucket = aws_s3_bucket.bad_off.id

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 3653
    }
  }
}

resource "aws_s3_bucket" "bad_liftable" {
  bucket              = "bad_liftable-bucket"
  object_lock_enabled = true
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "bad_liftable" {
  bucket = aws_s3_bucket.bad_liftable.id

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 3653
    }
  }
}

resource "aws_s3_bucket" "bad_short" {
  bucket              = "bad_short-bucket"
  object_lock_enabled = true
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "bad_short" {
  bucket = aws_s3_bucket.bad_short.id

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 1
    }
  }
}

resource "aws_s3_bucket" "unknown_mode" {
  bucket              = "unknown_mode-bucket"
  object_lock_enabled = true
  tags                = { purpose = "record" }
}

resource "aws_s3_bucket_object_lock_configuration" "unknown_mode" {
  bucket = aws_s3_bucket.unknown_mode.id

  rule {
    default_retention {
      mode = terraform_data.later.output
      days = 3653
    }
  }
}

resource "aws_s3_bucket" "other_plain" {
  bucket = "other-plain-bucket"
  tags   = { purpose = "pages" }
}

resource "terraform_data" "later" {
  input = "COMPLIANCE"
}
