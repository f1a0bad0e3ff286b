resource "aws_db_instance" "good" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = true
  manage_master_user_password         = true
  username                            = "owner"
}

resource "aws_db_instance" "good_replica" {
  instance_class                      = "db.m7g.large"
  replicate_source_db                 = "arn:aws:rds:eu-central-1:111111111111:db:books"
  iam_database_authentication_enabled = true
}

resource "aws_db_instance" "good_write_only" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = true
  password_wo_version                 = 1
  username                            = "owner"
}

resource "aws_db_instance" "bad_no_identity" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = false
  manage_master_user_password         = true
  username                            = "owner"
}

resource "aws_db_instance" "bad_written" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = true
  manage_master_user_password         = true
  username                            = "owner"
  password                            = "correct horse"
}

resource "aws_db_instance" "bad_unrotated" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = true
  username                            = "owner"
}

resource "aws_db_instance" "unknown_identity" {
  instance_class                      = "db.m7g.large"
  iam_database_authentication_enabled = terraform_data.later.output
  manage_master_user_password         = true
  username                            = "owner"
}

resource "terraform_data" "later" {
  input = true
}
