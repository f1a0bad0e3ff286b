# A workload has an identity of its own that only its account in the cluster can take; there is no service account between.
# Who nodes and people are is made once, in `access`: a run cannot make them.

locals {
  workloads = jsondecode(file("${path.module}/../workloads.json"))
  pool      = "projects/${var.number}/locations/global/workloadIdentityPools/${var.naming.account}.svc.id.goog"
  principals = { for name, workload in local.workloads :
    name => "principal://iam.googleapis.com/${local.pool}/subject/ns/${workload.namespace}/sa/${workload.account}"
  }
}

resource "google_storage_bucket_iam_member" "record" {
  for_each = merge([for name, workload in local.workloads : {
    for role in ["roles/storage.objectCreator", "roles/storage.objectViewer"] : "${name}-${role}" => { name = name, role = role }
  } if workload.may == "record"]...)

  bucket = var.record_bucket
  role   = each.value.role
  member = local.principals[each.value.name]

  depends_on = [google_container_cluster.this]
}

# Secrets of this platform, by the beginning of their name; a project may hold others.
resource "google_project_iam_member" "secrets" {
  for_each = { for name, workload in local.workloads : name => workload if workload.may == "secrets" }

  project = var.naming.account
  role    = "roles/secretmanager.secretAccessor"
  member  = local.principals[each.key]

  condition {
    title       = "own-secrets"
    description = "Secrets of ${local.name} alone."
    expression  = "resource.name.startsWith(\"projects/${var.number}/secrets/${var.naming.prefix}-\")"
  }

  depends_on = [google_container_cluster.this]
}
