resource "aws_lb" "good" {
  name     = "good-edge"
  internal = false
}

resource "aws_shield_protection" "good" {
  name         = "good-edge"
  resource_arn = aws_lb.good.arn
}

resource "aws_lb" "bad_bare" {
  name     = "bad-bare-edge"
  internal = false
}

resource "aws_lb" "other_inside" {
  name     = "other-inside-edge"
  internal = true
}
