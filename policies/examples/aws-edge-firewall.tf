resource "aws_lb" "good" {
  name     = "good-edge"
  internal = false
}

resource "aws_wafv2_web_acl_association" "good" {
  resource_arn = aws_lb.good.arn
  web_acl_arn  = "arn:aws:wafv2:eu-central-1:111111111111:regional/webacl/edge/1"
}

resource "aws_lb" "bad_bare" {
  name     = "bad-bare-edge"
  internal = false
}

resource "aws_lb" "other_inside" {
  name     = "other-inside-edge"
  internal = true
}

resource "aws_lb" "unknown_inside" {
  name     = "unknown-inside-edge"
  internal = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = false
}

resource "aws_lb" "other_connections" {
  name               = "other-connections"
  internal           = false
  load_balancer_type = "network"
}
