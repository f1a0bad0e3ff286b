resource "aws_iam_access_key" "bad_key" {
  user = "somebody"
}

resource "aws_iam_role" "other_role" {
  name = "other-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = []
  })
}
