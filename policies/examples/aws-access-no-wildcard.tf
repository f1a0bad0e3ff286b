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

resource "aws_iam_policy" "bad_all_but" {
  name = "bad_all_but-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Resource  = "*"
      NotAction = "iam:DeleteUser"
    }]
  })
}

resource "aws_iam_policy" "bad_all_things" {
  name = "bad_all_things-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect      = "Allow"
      Action      = "*"
      NotResource = "arn:aws:s3:::books"
    }]
  })
}

resource "aws_iam_policy" "bad_service" {
  name = "bad_service-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "iam:*"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "bad_services" {
  name = "bad_services-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "k*:*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "good_service_named" {
  name = "good_service_named-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:*"
      Resource = "arn:aws:s3:::books/*"
    }]
  })
}

resource "aws_iam_policy" "good_boundary" {
  name = "good_boundary-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "kms:*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_role" "good_boundary" {
  name                 = "good_boundary-role"
  permissions_boundary = aws_iam_policy.good_boundary.arn
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}

resource "aws_iam_policy" "bad_boundary_given" {
  name = "bad_boundary_given-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "kms:*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_role" "bad_boundary_given" {
  name                 = "bad_boundary_given-role"
  permissions_boundary = aws_iam_policy.bad_boundary_given.arn
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}

resource "aws_iam_role_policy_attachment" "bad_boundary_given" {
  role       = "reader"
  policy_arn = aws_iam_policy.bad_boundary_given.arn
}
