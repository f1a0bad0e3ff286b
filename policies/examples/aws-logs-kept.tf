resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "good" {
  name              = "good-logs"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.good.arn
}

resource "aws_kms_key" "good_for_ever" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "good_for_ever" {
  name              = "good_for_ever-logs"
  retention_in_days = 0
  kms_key_id        = aws_kms_key.good_for_ever.arn
}

resource "aws_kms_key" "bad_short" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "bad_short" {
  name              = "bad_short-logs"
  retention_in_days = 30
  kms_key_id        = aws_kms_key.bad_short.arn
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "bad_cloud_key" {
  name              = "bad_cloud_key-logs"
  retention_in_days = 365
  kms_key_id        = null
}

resource "aws_kms_key" "unknown_days" {
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "unknown_days" {
  name              = "unknown_days-logs"
  retention_in_days = terraform_data.later.output
  kms_key_id        = aws_kms_key.unknown_days.arn
}

resource "terraform_data" "later" {
  input = 365
}
