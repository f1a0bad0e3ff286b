resource "aws_subnet" "good" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.0.1.0/24"
  map_public_ip_on_launch         = false
  assign_ipv6_address_on_creation = false
}

resource "aws_subnet" "good_default" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.0.1.0/24"
  assign_ipv6_address_on_creation = false
}

resource "aws_subnet" "bad_four" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.0.1.0/24"
  map_public_ip_on_launch         = true
  assign_ipv6_address_on_creation = false
}

resource "aws_subnet" "bad_six" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.0.1.0/24"
  map_public_ip_on_launch         = false
  assign_ipv6_address_on_creation = true
}

resource "aws_subnet" "unknown_address" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.0.1.0/24"
  map_public_ip_on_launch         = terraform_data.later.output
  assign_ipv6_address_on_creation = false
}

resource "terraform_data" "later" {
  input = false
}
