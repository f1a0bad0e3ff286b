resource "aws_db_parameter_group" "good" {
  name   = "good-parameters"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
}

resource "aws_db_instance" "good" {
  instance_class       = "db.m7g.large"
  parameter_group_name = aws_db_parameter_group.good.name
}

resource "aws_db_parameter_group" "bad_plain" {
  name   = "bad_plain-parameters"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "0"
  }

  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
}

resource "aws_db_instance" "bad_plain" {
  instance_class       = "db.m7g.large"
  parameter_group_name = aws_db_parameter_group.bad_plain.name
}

resource "aws_db_parameter_group" "bad_old" {
  name   = "bad_old-parameters"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1"
  }
}

resource "aws_db_instance" "bad_old" {
  instance_class       = "db.m7g.large"
  parameter_group_name = aws_db_parameter_group.bad_old.name
}

resource "aws_db_parameter_group" "unknown_parameter" {
  name   = "unknown_parameter-parameters"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = terraform_data.later.output
  }

  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
}

resource "aws_db_instance" "unknown_parameter" {
  instance_class       = "db.m7g.large"
  parameter_group_name = aws_db_parameter_group.unknown_parameter.name
}

resource "aws_db_instance" "unknown_group" {
  instance_class       = "db.m7g.large"
  parameter_group_name = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "1"
}
