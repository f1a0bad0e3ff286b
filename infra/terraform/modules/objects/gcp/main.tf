# The record and the backups: retention that nobody may shorten, the record's key, no public access, every access logged,
# and copies in the recovery region where that is asked for. A bucket of this cloud has versions or retention, never both;
# under retention nothing is overwritten, so that there is nothing to keep a version of.

locals {
  day  = 86400
  days = { record = var.settings.record_days, backups = var.settings.backup_days }
  kept = merge([for place in concat(["here"], var.settings.replica ? ["recovery"] : []) : {
    for purpose, days in local.days : "${purpose}-${place}" => {
      purpose = purpose
      days    = days
      region  = place == "here" ? var.naming.region : var.naming.recovery_region
      name    = "${var.naming.account}-${purpose}${place == "here" ? "" : "-recovery"}"
      log     = "access-${place}"
    }
  }]...)
  logs = { for key, region in merge({ access-here = var.naming.region },
    var.settings.replica ? { access-recovery = var.naming.recovery_region } : {}) : key => {
    region = region
    name   = "${var.naming.account}-access${key == "access-here" ? "" : "-recovery"}"
  } }
}

resource "google_storage_bucket" "this" {
  for_each = local.kept

  project                     = var.naming.account
  name                        = each.value.name
  location                    = each.value.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(var.naming.tags[each.value.purpose], { purpose = each.value.purpose })

  encryption {
    default_kms_key_name = endswith(each.key, "-here") ? var.key_id : var.recovery_key_id
  }

  retention_policy {
    retention_period = each.value.days * local.day
    is_locked        = var.settings.lock == "compliance"
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * local.day
  }

  logging {
    log_bucket        = google_storage_bucket.access[each.value.log].name
    log_object_prefix = each.value.purpose
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.purpose == "backups" ? [each.value.days] : []

    content {
      action {
        type = "Delete"
      }

      condition {
        age = lifecycle_rule.value
      }
    }
  }
}

resource "google_storage_bucket" "access" {
  for_each = local.logs

  project                     = var.naming.account
  name                        = each.value.name
  location                    = each.value.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(var.naming.tags.access, { purpose = "access" })

  encryption {
    default_kms_key_name = endswith(each.key, "-here") ? var.key_id : var.recovery_key_id
  }

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age = var.settings.access_log_days
    }
  }
}

resource "google_storage_bucket_iam_member" "access" {
  for_each = local.logs

  bucket = google_storage_bucket.access[each.key].name
  role   = "roles/storage.objectCreator"
  member = "group:cloud-storage-analytics@google.com"
}

resource "google_storage_transfer_job" "recovery" {
  for_each = var.settings.replica ? local.days : {}

  project     = var.naming.account
  description = "Copies ${each.key} to the recovery region as it is written."
  status      = "ENABLED"

  replication_spec {
    gcs_data_source {
      bucket_name = google_storage_bucket.this["${each.key}-here"].name
    }

    gcs_data_sink {
      bucket_name = google_storage_bucket.this["${each.key}-recovery"].name
    }

    transfer_options {
      overwrite_when                             = "DIFFERENT"
      delete_objects_unique_in_sink              = false
      delete_objects_from_source_after_transfer  = false
      overwrite_objects_already_existing_in_sink = false
    }
  }

  logging_config {
    log_actions       = ["COPY"]
    log_action_states = ["SUCCEEDED", "FAILED"]
  }

  depends_on = [google_storage_bucket_iam_member.copier]
}

# Copying is done by the cloud's own agent, which may read one bucket and write to the other, where it looks whether an object
# is there already: cloud.google.com/storage-transfer/docs/sink-cloud-storage.
locals {
  copies = var.settings.replica ? merge([for purpose in keys(local.days) : {
    "${purpose}-here"     = ["roles/storage.objectViewer", "roles/storage.legacyBucketOwner"]
    "${purpose}-recovery" = ["roles/storage.objectCreator", "roles/storage.objectViewer", "roles/storage.legacyBucketReader"]
  }]...) : {}
}

resource "google_storage_bucket_iam_member" "copier" {
  for_each = merge([for key, roles in local.copies : { for role in roles : "${key}-${role}" => { bucket = key, role = role } }]...)

  bucket = google_storage_bucket.this[each.value.bucket].name
  role   = each.value.role
  member = "serviceAccount:project-${var.number}@storage-transfer-service.iam.gserviceaccount.com"
}
