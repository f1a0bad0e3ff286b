terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.25.0"
    }
  }

  # Address and password are lent to a run that was approved; without them there is no state.
  backend "http" {}
}

provider "aws" {
  region              = local.here.region
  allowed_account_ids = [local.here.account]
}
