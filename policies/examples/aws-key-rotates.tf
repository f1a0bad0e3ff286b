resource "aws_kms_key" "good" {
  enable_key_rotation     = true
  rotation_period_in_days = 180
}

resource "aws_kms_key" "unknown_yearly" {
  enable_key_rotation = true
}

resource "aws_kms_key" "bad_off" {
  enable_key_rotation     = false
  rotation_period_in_days = 180
}

resource "aws_kms_key" "bad_slow" {
  enable_key_rotation     = true
  rotation_period_in_days = 730
}

resource "aws_kms_key" "unknown_rotation" {
  enable_key_rotation     = terraform_data.later.output
  rotation_period_in_days = 180
}

resource "aws_kms_key" "other_asymmetric" {
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}

resource "terraform_data" "later" {
  input = true
}
