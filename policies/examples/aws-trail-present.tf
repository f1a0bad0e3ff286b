resource "aws_cloudtrail" "good" {
  name                  = "good-trail"
  s3_bucket_name        = "logs"
  is_multi_region_trail = true
}

resource "aws_s3_bucket" "bad_none" {
  bucket = "bad-none-bucket"
}

resource "aws_cloudtrail" "unknown_regions" {
  name                  = "unknown_regions-trail"
  s3_bucket_name        = "logs"
  is_multi_region_trail = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = true
}
