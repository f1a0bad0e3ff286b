resource "aws_eip" "good" {
  domain = "vpc"
}

resource "aws_ebs_volume" "bad_volume" {
  availability_zone = "eu-central-1a"
  size              = 10
}

resource "aws_eip" "bad_among_known" {
  domain = "vpc"
}

resource "aws_efs_file_system" "bad_among_known" {
  encrypted = true
}
