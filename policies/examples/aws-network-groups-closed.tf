resource "aws_security_group" "good" {
  name = "good-group"

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "good_inside" {
  name = "good_inside-group"

  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "bad_database" {
  name = "bad_database-group"

  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "bad_all" {
  name = "bad_all-group"

  ingress {
    protocol    = "-1"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "unknown_port" {
  name = "unknown_port-group"

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = terraform_data.later.output
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "terraform_data" "later" {
  input = 443
}
