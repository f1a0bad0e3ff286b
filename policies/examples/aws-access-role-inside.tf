resource "aws_iam_role" "good" {
  name = "good-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/SecurityAudit"]

  inline_policy {
    name = "inside"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_role" "bad_administrator" {
  name = "bad_administrator-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"]

  inline_policy {
    name = "inside"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_role" "bad_all" {
  name = "bad_all-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/SecurityAudit"]

  inline_policy {
    name = "inside"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_role" "bad_service" {
  name = "bad_service-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/SecurityAudit"]

  inline_policy {
    name = "inside"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "iam:*"
        Resource = "*"
      }]
    })
  }
}

resource "aws_iam_role" "unknown_policies" {
  name = "unknown_policies-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
  managed_policy_arns = [terraform_data.later.output]

  inline_policy {
    name = "inside"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "*"
      }]
    })
  }
}

resource "terraform_data" "later" {
  input = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_policy" "good_attached" {
  name = "good_attached-policy"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "*"
    }]
  })
}

resource "aws_iam_role" "good_attached" {
  name = "good_attached-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}

resource "aws_iam_role_policy_attachment" "good_attached" {
  role       = aws_iam_role.good_attached.name
  policy_arn = aws_iam_policy.good_attached.arn
}

resource "aws_iam_role" "bad_attached" {
  name = "bad_attached-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}

resource "aws_iam_role_policy_attachment" "bad_attached" {
  role       = aws_iam_role.bad_attached.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
