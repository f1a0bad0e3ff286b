resource "aws_instance" "good" {
  ami                         = "ami-1"
  instance_type               = "m7g.large"
  associate_public_ip_address = false
}

resource "aws_instance" "bad_address" {
  ami                         = "ami-1"
  instance_type               = "m7g.large"
  associate_public_ip_address = true
}

resource "aws_launch_template" "bad_template" {
  name = "bad_template"

  network_interfaces {
    associate_public_ip_address = true
  }
}

resource "aws_launch_template" "good_template" {
  name = "good_template"

  network_interfaces {
    associate_public_ip_address = false
  }
}
