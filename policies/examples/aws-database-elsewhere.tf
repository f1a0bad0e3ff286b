resource "aws_db_instance" "good" {
  instance_class = "db.m7g.large"
  identifier     = "good-books"
  tags           = { service = "database" }
}

resource "aws_db_instance_automated_backups_replication" "good" {
  region                 = "eu-west-1"
  source_db_instance_arn = aws_db_instance.good.arn
}

resource "aws_db_instance" "good_replica" {
  instance_class = "db.m7g.large"
  identifier     = "good-books"
  tags           = { service = "database" }
}

resource "aws_db_instance" "good_replica__copy" {
  region              = "eu-west-1"
  identifier          = "good-copy"
  instance_class      = "db.m7g.large"
  replicate_source_db = aws_db_instance.good_replica.arn
}

resource "aws_db_instance" "bad_here" {
  instance_class = "db.m7g.large"
  identifier     = "bad_here-books"
  tags           = { service = "database" }
}

resource "aws_db_instance" "other_slow" {
  identifier     = "other-slow-books"
  instance_class = "db.m7g.large"
  tags           = { service = "budget" }
}

resource "aws_db_instance" "bad_same" {
  instance_class = "db.m7g.large"
  identifier     = "good-books"
  tags           = { service = "database" }
}

resource "aws_db_instance" "bad_same__copy" {
  region              = "eu-central-1"
  identifier          = "good-copy"
  instance_class      = "db.m7g.large"
  replicate_source_db = aws_db_instance.bad_same.arn
}

resource "aws_db_instance" "bad_copied_here" {
  instance_class = "db.m7g.large"
  identifier     = "bad-copied-here-books"
  tags           = { service = "database" }
}

resource "aws_db_instance_automated_backups_replication" "bad_copied_here" {
  region                 = "eu-central-1"
  source_db_instance_arn = aws_db_instance.bad_copied_here.arn
}
