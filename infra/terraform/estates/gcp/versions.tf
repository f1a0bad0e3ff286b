terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "6.50.0"
    }
  }

  # Address and password are lent to a run that was approved; without them there is no state.
  backend "http" {}
}

provider "google" {
  project = local.here.account
  region  = local.here.region
}
