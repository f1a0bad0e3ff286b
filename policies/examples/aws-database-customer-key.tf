resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_db_instance" "good" {
  instance_class    = "db.m7g.large"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.good.arn
}

resource "aws_kms_key" "bad_plain" {
  enable_key_rotation = true
}

resource "aws_db_instance" "bad_plain" {
  instance_class    = "db.m7g.large"
  storage_encrypted = false
  kms_key_id        = aws_kms_key.bad_plain.arn
}

resource "aws_kms_key" "bad_no_key" {
  enable_key_rotation = true
}

resource "aws_db_instance" "bad_no_key" {
  instance_class    = "db.m7g.large"
  storage_encrypted = true
  kms_key_id        = "alias/aws/rds"
}

resource "aws_kms_key" "unknown_encryption" {
  enable_key_rotation = true
}

resource "aws_db_instance" "unknown_encryption" {
  instance_class    = "db.m7g.large"
  storage_encrypted = terraform_data.later.output
  kms_key_id        = aws_kms_key.unknown_encryption.arn
}

resource "terraform_data" "later" {
  input = true
}
