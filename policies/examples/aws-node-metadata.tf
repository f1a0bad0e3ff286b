resource "aws_launch_template" "good" {
  name = "good-nodes"

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}

resource "aws_launch_template" "bad_optional" {
  name = "bad_optional-nodes"

  metadata_options {
    http_tokens                 = "optional"
    http_put_response_hop_limit = 1
  }
}

resource "aws_launch_template" "bad_far" {
  name = "bad_far-nodes"

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

resource "aws_launch_template" "unknown_token" {
  name = "unknown_token-nodes"

  metadata_options {
    http_tokens                 = terraform_data.later.output
    http_put_response_hop_limit = 1
  }
}

resource "aws_instance" "bad_instance" {
  ami           = "ami-1"
  instance_type = "m7i.large"
}

resource "terraform_data" "later" {
  input = "required"
}
