resource "aws_db_instance" "good" {
  identifier     = "good-books"
  instance_class = "db.m7g.large"
}

resource "aws_eip" "bad_forgotten" {
  domain = "vpc"
}
