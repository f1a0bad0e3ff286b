resource "aws_kms_key" "good" {
  deletion_window_in_days = 30
}

resource "aws_kms_key" "bad_soon" {
  deletion_window_in_days = 7
}

resource "aws_kms_key" "bad_off" {
  deletion_window_in_days = 30
  is_enabled              = false
}

resource "aws_kms_key" "unknown_window" {
  deletion_window_in_days = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = 30
}
