resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "good" {
  name                    = "good-secret"
  kms_key_id              = aws_kms_key.good.arn
  recovery_window_in_days = 30
}

resource "aws_kms_key" "good_alias" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "good_alias" {
  name                    = "good_alias-secret"
  kms_key_id              = "alias/tallystick-secrets"
  recovery_window_in_days = 30
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "bad_cloud_key" {
  name                    = "bad_cloud_key-secret"
  kms_key_id              = "alias/aws/secretsmanager"
  recovery_window_in_days = 30
}

resource "aws_kms_key" "bad_no_key" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "bad_no_key" {
  name                    = "bad_no_key-secret"
  recovery_window_in_days = 30
}

resource "aws_kms_key" "bad_gone" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "bad_gone" {
  name                    = "bad_gone-secret"
  kms_key_id              = aws_kms_key.bad_gone.arn
  recovery_window_in_days = 0
}

resource "aws_kms_key" "unknown_key" {
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "unknown_key" {
  name                    = "unknown_key-secret"
  kms_key_id              = terraform_data.later.output
  recovery_window_in_days = 30
}

resource "terraform_data" "later" {
  input = "alias/tallystick-secrets"
}
