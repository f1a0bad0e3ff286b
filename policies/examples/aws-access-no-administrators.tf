resource "aws_iam_role_policy_attachment" "good" {
  role       = "reader"
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_role_policy_attachment" "bad_administrator" {
  role       = "reader"
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_role_policy_attachment" "bad_power" {
  role       = "reader"
  policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_role_policy_attachment" "unknown_policy" {
  role       = "reader"
  policy_arn = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_policy_attachment" "bad_exclusive" {
  name       = "everybody"
  users      = ["somebody"]
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
