resource "aws_db_instance" "good" {
  instance_class            = "db.m7g.large"
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "last"
}

# A replica has no last snapshot: what it copies is there.
resource "aws_db_instance" "good_replica" {
  instance_class      = "db.m7g.large"
  replicate_source_db = "arn:aws:rds:eu-central-1:111111111111:db:books"
  deletion_protection = true
  skip_final_snapshot = true
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
