# Homes for secrets: empty here, filled by the platform's own rotation, so that no value is in code or state. Each is under
# the key for secrets, is known in the recovery region too, and tells the platform when its time has come.

locals {
  secrets = toset(var.names)
  tags    = merge(var.naming.tags.secrets, { rotation_days = tostring(var.settings.rotation_days) })
  day     = 86400
  # Where they are is known before the keys are.
  regions = concat([var.naming.region], var.settings.replica ? [var.naming.recovery_region] : [])
}

resource "google_pubsub_topic" "due" {
  project                    = var.naming.account
  name                       = "${var.naming.prefix}-secrets-due"
  kms_key_name               = var.logs_key_id
  message_retention_duration = "604800s"
  labels                     = var.naming.tags.secrets

  message_storage_policy {
    allowed_persistence_regions = [var.naming.region]
  }
}

resource "google_pubsub_topic_iam_binding" "due" {
  project = var.naming.account
  topic   = google_pubsub_topic.due.name
  role    = "roles/pubsub.publisher"
  members = ["serviceAccount:service-${var.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"]
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  project             = var.naming.account
  secret_id           = "${var.naming.prefix}-${each.key}"
  deletion_protection = var.settings.deletion_protection
  version_destroy_ttl = "${var.settings.deletion_days * local.day}s"
  labels              = local.tags

  replication {
    user_managed {
      dynamic "replicas" {
        for_each = local.regions

        content {
          location = replicas.value

          customer_managed_encryption {
            kms_key_name = replicas.key == 0 ? var.key_id : var.recovery_key_id
          }
        }
      }
    }
  }

  topics {
    name = google_pubsub_topic.due.id
  }

  rotation {
    rotation_period    = "${var.settings.rotation_days * local.day}s"
    next_rotation_time = timeadd(timestamp(), "${24 * var.settings.rotation_days}h")
  }

  # It counts from the run that makes the secret, since the cloud refuses a time that is past, and moves it on after each
  # time; a plan would move it back.
  lifecycle {
    ignore_changes = [rotation[0].next_rotation_time]
  }

  depends_on = [google_pubsub_topic_iam_binding.due]
}
