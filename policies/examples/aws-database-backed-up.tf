resource "aws_db_instance" "good" {
  instance_class           = "db.m7g.large"
  backup_retention_period  = 35
  delete_automated_backups = false
}

resource "aws_db_instance" "bad_short" {
  instance_class           = "db.m7g.large"
  backup_retention_period  = 7
  delete_automated_backups = false
}

resource "aws_db_instance" "bad_gone" {
  instance_class           = "db.m7g.large"
  backup_retention_period  = 35
  delete_automated_backups = true
}

resource "aws_db_instance" "unknown_days" {
  instance_class           = "db.m7g.large"
  backup_retention_period  = terraform_data.later.output
  delete_automated_backups = false
}

resource "terraform_data" "later" {
  input = 35
}
