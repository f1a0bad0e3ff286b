resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "good" {
  name                          = "good-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.good.arn
}

resource "aws_kms_key" "bad_region" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_region" {
  name                          = "bad_region-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = false
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_region.arn
}

resource "aws_kms_key" "bad_global" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_global" {
  name                          = "bad_global-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = false
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_global.arn
}

resource "aws_kms_key" "bad_unproven" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_unproven" {
  name                          = "bad_unproven-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = false
  enable_logging                = true
  kms_key_id                    = aws_kms_key.bad_unproven.arn
}

resource "aws_kms_key" "bad_off" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_off" {
  name                          = "bad_off-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = false
  kms_key_id                    = aws_kms_key.bad_off.arn
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "bad_cloud_key" {
  name                          = "bad_cloud_key-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = ""
}

resource "aws_kms_key" "unknown_regions" {
  enable_key_rotation = true
}

resource "aws_cloudtrail" "unknown_regions" {
  name                          = "unknown_regions-trail"
  s3_bucket_name                = "logs"
  is_multi_region_trail         = terraform_data.later.output
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  kms_key_id                    = aws_kms_key.unknown_regions.arn
}

resource "terraform_data" "later" {
  input = true
}
