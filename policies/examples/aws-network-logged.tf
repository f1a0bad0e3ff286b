resource "aws_vpc" "good" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_flow_log" "good" {
  vpc_id          = aws_vpc.good.id
  traffic_type    = "ALL"
  log_destination = "arn:aws:s3:::good-flows"
}

resource "aws_vpc" "bad_refused" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_flow_log" "bad_refused" {
  vpc_id          = aws_vpc.bad_refused.id
  traffic_type    = "REJECT"
  log_destination = "arn:aws:s3:::bad_refused-flows"
}

resource "aws_vpc" "bad_nowhere" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_flow_log" "bad_nowhere" {
  vpc_id          = aws_vpc.bad_nowhere.id
  traffic_type    = "ALL"
  log_destination = ""
}

resource "aws_vpc" "unknown_kind" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_flow_log" "unknown_kind" {
  vpc_id          = aws_vpc.unknown_kind.id
  traffic_type    = terraform_data.later.output
  log_destination = "arn:aws:s3:::unknown_kind-flows"
}

resource "aws_vpc" "bad_bare" {
  cidr_block = "10.0.0.0/16"
}

resource "terraform_data" "later" {
  input = "ALL"
}
