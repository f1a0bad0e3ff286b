resource "aws_s3_bucket" "good" {
  region = "eu-central-1"
  bucket = "good-bucket"
}

resource "aws_s3_bucket" "bad_far" {
  region = "us-east-1"
  bucket = "bad_far-bucket"
}
