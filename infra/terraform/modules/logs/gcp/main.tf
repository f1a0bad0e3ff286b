# The log archive: every call that manages, reads or writes is audited, kept in a bucket that nobody can shorten, and
# searchable for the first weeks.

locals {
  day  = 86400
  tags = var.naming.tags.logs
  # The audit of all services, flow logs, firewall logs and the database's own log.
  kept = join(" OR ", ["logName:\"cloudaudit.googleapis.com\"", "logName:\"vpc_flows\"", "logName:\"compute.googleapis.com%2Ffirewall\"", "resource.type=\"cloudsql_database\""])
}

resource "google_project_iam_audit_config" "this" {
  project = var.naming.account
  service = "allServices"

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]

    content {
      log_type = audit_log_config.value
    }
  }
}

resource "google_storage_bucket" "archive" {
  project                     = var.naming.account
  name                        = "${var.naming.account}-logs"
  location                    = var.naming.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(local.tags, { purpose = "logs" })

  encryption {
    default_kms_key_name = var.key_id
  }

  retention_policy {
    retention_period = var.settings.archive_days * local.day
    is_locked        = var.settings.lock == "compliance"
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * local.day
  }

  logging {
    log_bucket        = var.access_bucket
    log_object_prefix = "logs"
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age = var.settings.archive_days
    }
  }
}

resource "google_logging_project_sink" "archive" {
  project                = var.naming.account
  name                   = "${var.naming.prefix}-archive"
  description            = "What an auditor asks for, into the archive."
  destination            = "storage.googleapis.com/${google_storage_bucket.archive.name}"
  filter                 = local.kept
  unique_writer_identity = true
}

resource "google_storage_bucket_iam_member" "archive" {
  bucket = google_storage_bucket.archive.name
  role   = "roles/storage.objectCreator"
  member = google_logging_project_sink.archive.writer_identity
}

resource "google_logging_project_bucket_config" "hot" {
  project          = var.naming.account
  location         = var.naming.region
  bucket_id        = "${var.naming.prefix}-hot"
  description      = "What can be searched, within the region."
  retention_days   = var.settings.hot_days
  locked           = var.settings.lock == "compliance"
  enable_analytics = true

  cmek_settings {
    kms_key_name = var.key_id
  }
}

resource "google_logging_project_sink" "hot" {
  project                = var.naming.account
  name                   = "${var.naming.prefix}-hot"
  description            = "Everything, where it can be searched."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.hot.id}"
  unique_writer_identity = true
}

# The sink that a project is born with keeps everything once more, outside of the region and under no key of ours: it is
# taken over and stilled. What `_Required` keeps (who changed what, for 400 days) no project can move; where that is, is
# said by the organisation before a project is made: cloud.google.com/logging/docs/default-settings.
resource "google_logging_project_sink" "born" {
  project                = var.naming.account
  name                   = "_Default"
  description            = "Stilled: what it kept is in ${var.naming.prefix}-hot."
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.hot.id}"
  disabled               = true
  unique_writer_identity = true

  depends_on = [google_logging_project_sink.hot]
}
