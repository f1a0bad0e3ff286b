resource "aws_kms_key" "good" {
  enable_key_rotation = true
}

resource "aws_backup_vault" "good" {
  name        = "good-vault"
  kms_key_arn = aws_kms_key.good.arn
}

resource "aws_backup_vault_lock_configuration" "good" {
  backup_vault_name   = aws_backup_vault.good.name
  min_retention_days  = 35
  changeable_for_days = 3
}

resource "aws_kms_key" "bad_short" {
  enable_key_rotation = true
}

resource "aws_backup_vault" "bad_short" {
  name        = "bad_short-vault"
  kms_key_arn = aws_kms_key.bad_short.arn
}

resource "aws_backup_vault_lock_configuration" "bad_short" {
  backup_vault_name   = aws_backup_vault.bad_short.name
  min_retention_days  = 1
  changeable_for_days = 3
}

resource "aws_kms_key" "bad_liftable" {
  enable_key_rotation = true
}

resource "aws_backup_vault" "bad_liftable" {
  name        = "bad_liftable-vault"
  kms_key_arn = aws_kms_key.bad_liftable.arn
}

resource "aws_backup_vault_lock_configuration" "bad_liftable" {
  backup_vault_name  = aws_backup_vault.bad_liftable.name
  min_retention_days = 35
}

resource "aws_kms_key" "bad_cloud_key" {
  enable_key_rotation = true
}

resource "aws_backup_vault" "bad_cloud_key" {
  name        = "bad_cloud_key-vault"
  kms_key_arn = "alias/aws/backup"
}

resource "aws_backup_vault_lock_configuration" "bad_cloud_key" {
  backup_vault_name   = aws_backup_vault.bad_cloud_key.name
  min_retention_days  = 35
  changeable_for_days = 3
}

resource "aws_kms_key" "unknown_days" {
  enable_key_rotation = true
}

resource "aws_backup_vault" "unknown_days" {
  name        = "unknown_days-vault"
  kms_key_arn = aws_kms_key.unknown_days.arn
}

resource "aws_backup_vault_lock_configuration" "unknown_days" {
  backup_vault_name   = aws_backup_vault.unknown_days.name
  min_retention_days  = terraform_data.later.output
  changeable_for_days = 3
}

resource "terraform_data" "later" {
  input = 35
}
