resource "aws_s3_bucket" "good" {
  bucket = "good-bucket"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "aws_s3_bucket" "bad_service" {
  bucket = "bad_service-bucket"

  tags = {
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "aws_s3_bucket" "bad_environment" {
  bucket = "bad_environment-bucket"

  tags = {
    service     = "ledger"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "aws_s3_bucket" "bad_owner" {
  bucket = "bad_owner-bucket"

  tags = {
    service     = "ledger"
    environment = "production"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "aws_s3_bucket" "bad_cost" {
  bucket = "bad_cost-bucket"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    data_class  = "personal"
  }
}

resource "aws_s3_bucket" "bad_class" {
  bucket = "bad_class-bucket"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
  }
}

resource "aws_s3_bucket" "unknown_service" {
  bucket = "unknown_service-bucket"

  tags = {
    service     = terraform_data.later.output
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "terraform_data" "later" {
  input = "ledger"
}
