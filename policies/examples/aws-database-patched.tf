resource "aws_db_instance" "good" {
  instance_class             = "db.m7g.large"
  auto_minor_version_upgrade = true
}

resource "aws_db_instance" "bad_old" {
  instance_class             = "db.m7g.large"
  auto_minor_version_upgrade = false
}

resource "aws_db_instance" "unknown_upgrade" {
  instance_class             = "db.m7g.large"
  auto_minor_version_upgrade = terraform_data.later.output
}

resource "aws_db_instance" "good_default" {
  instance_class = "db.m7g.large"
}

resource "terraform_data" "later" {
  input = true
}
