resource "aws_secretsmanager_secret" "good" {
  name = "good-secret"

  replica {
    region = "eu-west-1"
  }
}

resource "aws_secretsmanager_secret" "bad_alone" {
  name = "bad_alone-secret"
}

resource "aws_secretsmanager_secret" "bad_far" {
  name = "bad_far-secret"

  replica {
    region = "us-east-1"
  }
}

resource "aws_secretsmanager_secret" "unknown_place" {
  name = "unknown_place-secret"

  replica {
    region = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "eu-west-1"
}
