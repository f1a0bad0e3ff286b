resource "aws_vpc" "good" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_default_security_group" "good" {
  vpc_id  = aws_vpc.good.id
  ingress = []
  egress  = []
}

resource "aws_vpc" "bad_in" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_default_security_group" "bad_in" {
  vpc_id  = aws_vpc.bad_in.id
  ingress = [{ cidr_blocks = [], description = "", from_port = 0, ipv6_cidr_blocks = [], prefix_list_ids = [], protocol = "-1", security_groups = [], self = true, to_port = 0 }]
  egress  = []
}

resource "aws_vpc" "bad_out" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_default_security_group" "bad_out" {
  vpc_id  = aws_vpc.bad_out.id
  ingress = []
  egress  = [{ cidr_blocks = ["0.0.0.0/0"], description = "", from_port = 0, ipv6_cidr_blocks = [], prefix_list_ids = [], protocol = "-1", security_groups = [], self = false, to_port = 0 }]
}

resource "aws_vpc" "bad_bare" {
  cidr_block = "10.0.0.0/16"
}
