resource "aws_db_instance" "good" {
  instance_class         = "db.m7g.large"
  publicly_accessible    = false
  db_subnet_group_name   = "data"
  vpc_security_group_ids = ["sg-1"]
}

resource "aws_db_instance" "bad_public" {
  instance_class         = "db.m7g.large"
  publicly_accessible    = true
  db_subnet_group_name   = "data"
  vpc_security_group_ids = ["sg-1"]
}

resource "aws_db_instance" "bad_default_network" {
  instance_class         = "db.m7g.large"
  publicly_accessible    = false
  db_subnet_group_name   = ""
  vpc_security_group_ids = ["sg-1"]
}

resource "aws_db_instance" "bad_default_group" {
  instance_class         = "db.m7g.large"
  publicly_accessible    = false
  db_subnet_group_name   = "data"
  vpc_security_group_ids = []
}

resource "aws_db_instance" "unknown_address" {
  instance_class         = "db.m7g.large"
  publicly_accessible    = terraform_data.later.output
  db_subnet_group_name   = "data"
  vpc_security_group_ids = ["sg-1"]
}

resource "terraform_data" "later" {
  input = false
}
