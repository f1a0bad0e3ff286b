resource "google_project_iam_audit_config" "good" {
  project = "books"
  service = "allServices"

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_project_iam_audit_config" "bad_reads" {
  project = "books"
  service = "allServices"

  audit_log_config {
    log_type = "ADMIN_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_project_iam_audit_config" "bad_writes" {
  project = "books"
  service = "allServices"

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "ADMIN_READ"
  }
}

resource "google_project_iam_audit_config" "bad_one" {
  project = "books"
  service = "storage.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_project_iam_audit_config" "unknown_reads" {
  project = "books"
  service = "allServices"

  audit_log_config {
    log_type = terraform_data.later.output
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_compute_network" "bad_none" {
  name = "bad-none-network"
}

resource "terraform_data" "later" {
  input = "DATA_READ"
}

resource "google_project_iam_audit_config" "bad_exempted" {
  project = "books"
  service = "allServices"

  audit_log_config {
    log_type         = "DATA_READ"
    exempted_members = ["user:eve@books.example"]
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}
