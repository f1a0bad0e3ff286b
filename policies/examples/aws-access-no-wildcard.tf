resource "aws_iam_policy" "good" {
  name = "good-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "good_denied" {
  name = "good_denied-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Deny"
      Action   = "*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "bad_all" {
  name = "bad_all-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "bad_listed" {
  name = "bad_listed-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "*"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "unknown_actions" {
  name = "unknown_actions-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = terraform_data.later.output
      Resource = "*"
    }]
  })
}

resource "terraform_data" "later" {
  input = "*"
}
