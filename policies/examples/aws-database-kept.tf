resource "aws_db_instance" "good" {
  instance_class            = "db.m7g.large"
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "last"
}

resource "aws_db_instance" "bad_deleted" {
  instance_class            = "db.m7g.large"
  deletion_protection       = false
  skip_final_snapshot       = false
  final_snapshot_identifier = "last"
}

resource "aws_db_instance" "bad_no_snapshot" {
  instance_class            = "db.m7g.large"
  deletion_protection       = true
  skip_final_snapshot       = true
  final_snapshot_identifier = "last"
}

resource "aws_db_instance" "unknown_protection" {
  instance_class            = "db.m7g.large"
  deletion_protection       = terraform_data.later.output
  skip_final_snapshot       = false
  final_snapshot_identifier = "last"
}

resource "terraform_data" "later" {
  input = true
}
