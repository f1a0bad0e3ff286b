resource "aws_secretsmanager_secret" "good" {
  name = "good-secret"
}

resource "aws_secretsmanager_secret_rotation" "good" {
  secret_id           = aws_secretsmanager_secret.good.id
  rotation_lambda_arn = "arn:aws:lambda:eu-central-1:111111111111:function:rotate"

  rotation_rules {
    automatically_after_days = 30
  }
}

resource "aws_secretsmanager_secret" "good_own" {
  name = "good-own-secret"
  tags = { rotation_days = "30" }
}

resource "aws_secretsmanager_secret" "bad_slow" {
  name = "bad_slow-secret"
}

resource "aws_secretsmanager_secret_rotation" "bad_slow" {
  secret_id           = aws_secretsmanager_secret.bad_slow.id
  rotation_lambda_arn = "arn:aws:lambda:eu-central-1:111111111111:function:rotate"

  rotation_rules {
    automatically_after_days = 365
  }
}

resource "aws_secretsmanager_secret" "bad_never" {
  name = "bad-never-secret"
}

resource "aws_secretsmanager_secret" "unknown_days" {
  name = "unknown_days-secret"
}

resource "aws_secretsmanager_secret_rotation" "unknown_days" {
  secret_id           = aws_secretsmanager_secret.unknown_days.id
  rotation_lambda_arn = "arn:aws:lambda:eu-central-1:111111111111:function:rotate"

  rotation_rules {
    automatically_after_days = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = 30
}
