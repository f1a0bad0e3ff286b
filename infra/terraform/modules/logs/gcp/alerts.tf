# What rings. The same alerts on every cloud; what they look for is this cloud's own. What rings at once is looked for in the
# entries themselves; what rings when it is many is counted, and a count has the resource of the entries that it counts:
# cloud.google.com/logging/docs/alerting/log-based-alerts and cloud.google.com/monitoring/promql/promql-mapping.

locals {
  alerts = jsondecode(file("${path.module}/../alerts.json"))
  audit  = "log_id(\"cloudaudit.googleapis.com/activity\")"
  filters = {
    root     = "${local.audit} AND protoPayload.serviceName=\"cloudresourcemanager.googleapis.com\" AND protoPayload.methodName:\"SetIamPolicy\" AND protoPayload.serviceData.policyDelta.bindingDeltas.role=\"roles/owner\""
    unsigned = "${local.audit} AND protoPayload.authenticationInfo.principalEmail:\"@\" AND NOT protoPayload.authenticationInfo.principalEmail=~\"gserviceaccount[.]com$\""
    denied   = "protoPayload.status.code=7"
    keys     = "${local.audit} AND protoPayload.serviceName=\"cloudkms.googleapis.com\" AND protoPayload.methodName=(\"DestroyCryptoKeyVersion\" OR \"UpdateCryptoKeyVersion\" OR \"SetIamPolicy\")"
    trail    = "${local.audit} AND protoPayload.methodName:(\"ConfigServiceV2.UpdateSink\" OR \"ConfigServiceV2.DeleteSink\" OR \"ConfigServiceV2.UpdateBucket\" OR \"ConfigServiceV2.DeleteBucket\" OR \"ConfigServiceV2.CreateExclusion\" OR \"ConfigServiceV2.UpdateExclusion\")"
    network  = "${local.audit} AND resource.type=(\"gce_firewall_rule\" OR \"gce_route\" OR \"gce_network\" OR \"gce_router\") AND protoPayload.methodName:(\"insert\" OR \"patch\" OR \"update\" OR \"delete\")"
    access   = "${local.audit} AND protoPayload.methodName:(\"SetIamPolicy\" OR \"CreateServiceAccountKey\" OR \"CreateRole\" OR \"UpdateRole\")"
    objects  = "${local.audit} AND resource.type=\"gcs_bucket\" AND protoPayload.methodName=(\"storage.setIamPermissions\" OR \"storage.buckets.update\" OR \"storage.buckets.delete\")"
  }

  # Signing in is written down for the organisation alone, so that here it is what somebody does as a person: nobody does
  # anything as a person, since people come in by what the platform lends.
  what = merge({ for name, alert in local.alerts : name => alert.what }, { unsigned = "somebody came in as a person, and not by what the platform lends" })

  # How many within five minutes, and on which resources: a policy has six conditions at most.
  many = { denied = {
    times = 20
    on    = ["audited_resource", "project", "service_account", "gcs_bucket", "cloudkms_cryptokey", "k8s_cluster"]
  } }
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
  for_each = local.many

  project     = var.naming.account
  name        = "${var.naming.prefix}-${each.key}"
  description = "Counts how often ${local.what[each.key]}."
  filter      = "resource.type=(${join(" OR ", [for type in each.value.on : "\"${type}\""])}) AND ${local.filters[each.key]}"

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
    content   = "Rings when ${local.what[each.key]}."
  }

  dynamic "conditions" {
    for_each = contains(keys(local.many), each.key) ? [] : [local.filters[each.key]]

    content {
      display_name = each.key

      condition_matched_log {
        filter = conditions.value
      }
    }
  }

  dynamic "conditions" {
    for_each = try(local.many[each.key].on, [])

    content {
      display_name = "${each.key} on ${conditions.value}"

      # Whether the count is there is not asked: a new one is known to alerts after ten minutes alone.
      condition_prometheus_query_language {
        query                     = "sum(increase(logging_googleapis_com:user_${replace(google_logging_metric.this[each.key].name, "-", "_")}{monitored_resource=\"${conditions.value}\"}[5m])) >= ${local.many[each.key].times}"
        duration                  = "0s"
        evaluation_interval       = "60s"
        disable_metric_validation = true
      }
    }
  }

  # What is looked for in entries must say how often it writes, and has no other way to end.
  alert_strategy {
    auto_close = "86400s"

    dynamic "notification_rate_limit" {
      for_each = contains(keys(local.many), each.key) ? [] : ["300s"]

      content {
        period = notification_rate_limit.value
      }
    }
  }
}
