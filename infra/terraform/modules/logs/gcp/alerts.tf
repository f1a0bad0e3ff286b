# What rings. The same alerts on every cloud; what they look for is this cloud's own.

locals {
  alerts = jsondecode(file("${path.module}/../alerts.json"))
  filters = {
    root     = "protoPayload.serviceName=\"cloudresourcemanager.googleapis.com\" AND protoPayload.methodName=\"SetIamPolicy\" AND protoPayload.serviceData.policyDelta.bindingDeltas.role=\"roles/owner\""
    unsigned = "protoPayload.serviceName=\"login.googleapis.com\" AND protoPayload.metadata.event.parameter.value=\"password\""
    denied   = "protoPayload.status.code=7"
    keys     = "protoPayload.serviceName=\"cloudkms.googleapis.com\" AND protoPayload.methodName=(\"DestroyCryptoKeyVersion\" OR \"UpdateCryptoKeyVersion\" OR \"SetIamPolicy\")"
    trail    = "protoPayload.methodName:(\"ConfigServiceV2.UpdateSink\" OR \"ConfigServiceV2.DeleteSink\" OR \"ConfigServiceV2.UpdateBucket\" OR \"ConfigServiceV2.CreateExclusion\")"
    network  = "resource.type=(\"gce_firewall_rule\" OR \"gce_route\" OR \"gce_network\") AND protoPayload.methodName:(\"insert\" OR \"patch\" OR \"delete\")"
    access   = "protoPayload.methodName=(\"SetIamPolicy\" OR \"google.iam.admin.v1.CreateServiceAccountKey\" OR \"google.iam.admin.v1.CreateRole\" OR \"google.iam.admin.v1.UpdateRole\")"
    objects  = "resource.type=\"gcs_bucket\" AND protoPayload.methodName=(\"storage.setIamPermissions\" OR \"storage.buckets.update\" OR \"storage.buckets.delete\")"
  }
  many = { denied = 20 }
}

resource "google_monitoring_notification_channel" "this" {
  project      = var.naming.account
  display_name = "${var.naming.prefix}-owner"
  description  = "Who is written to when it rings."
  type         = "email"
  labels       = { email_address = var.contact }
  user_labels  = local.tags
}

resource "google_logging_metric" "this" {
  for_each = local.alerts

  project     = var.naming.account
  name        = "${var.naming.prefix}-${each.key}"
  description = "Counts how often ${each.value.what}."
  filter      = local.filters[each.key]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.naming.account
  display_name          = "${var.naming.prefix}-${each.key}"
  combiner              = "OR"
  enabled               = true
  severity              = "CRITICAL"
  notification_channels = [google_monitoring_notification_channel.this.id]
  user_labels           = local.tags

  documentation {
    mime_type = "text/markdown"
    content   = "Rings when ${each.value.what}."
  }

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this[each.key].name}\" AND resource.type=\"global\""
      comparison      = "COMPARISON_GT"
      threshold_value = lookup(local.many, each.key, 1) - 1
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_SUM"
      }
    }
  }
}
