resource "aws_db_instance" "good" {
  instance_class = "db.m7g.large"
  multi_az       = true
  tags           = { service = "database" }
}

resource "aws_db_instance" "good_stranger" {
  instance_class = "db.m7g.large"
  multi_az       = true
  tags           = { service = "nobody-knows" }
}

resource "aws_db_instance" "bad_alone" {
  instance_class = "db.m7g.large"
  multi_az       = false
  tags           = { service = "database" }
}

resource "aws_db_instance" "bad_stranger" {
  instance_class = "db.m7g.large"
  multi_az       = false
  tags           = { service = "nobody-knows" }
}

resource "aws_db_instance" "unknown_standby" {
  instance_class = "db.m7g.large"
  multi_az       = terraform_data.later.output
  tags           = { service = "database" }
}

resource "aws_db_instance" "other_loses" {
  instance_class = "db.m7g.large"
  multi_az       = false
  tags           = { service = "kubernetes" }
}

resource "terraform_data" "later" {
  input = true
}
