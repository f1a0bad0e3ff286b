resource "google_container_cluster" "good" {
  name = "good-cluster"

  enable_legacy_abac = false

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }
}

resource "google_container_cluster" "bad_old" {
  name = "bad_old-cluster"

  enable_legacy_abac = true

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }
}

resource "google_container_cluster" "bad_certificate" {
  name = "bad_certificate-cluster"

  enable_legacy_abac = false

  master_auth {
    client_certificate_config {
      issue_client_certificate = true
    }
  }
}

resource "google_container_cluster" "unknown_old" {
  name = "unknown_old-cluster"

  enable_legacy_abac = terraform_data.later.output

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }
}

resource "terraform_data" "later" {
  input = false
}
