# Who nodes, workloads and people are. A workload has an identity of its own that only its account in the cluster can take;
# nodes write logs and fetch images; people come in for as long as the platform lends it to them.

locals {
  workloads = jsondecode(file("${path.module}/../workloads.json"))
  people    = { operators = "roles/container.clusterViewer", break-glass = "roles/container.admin" }
}

resource "google_service_account" "nodes" {
  project      = var.naming.account
  account_id   = "${var.naming.brief}-nodes"
  display_name = "Nodes of ${local.name}"
  description  = "Writes logs and measures, fetches images."
}

resource "google_project_iam_member" "nodes" {
  project = var.naming.account
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_service_account" "workload" {
  for_each = local.workloads

  project      = var.naming.account
  account_id   = "${var.naming.brief}-${substr(each.key, 0, 12)}"
  display_name = "${each.key} of ${local.name}"
  description  = "What ${each.key} may do outside of the cluster."
}

resource "google_service_account_iam_member" "workload" {
  for_each = local.workloads

  service_account_id = google_service_account.workload[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${google_container_cluster.this.workload_identity_config[0].workload_pool}[${each.value.namespace}/${each.value.account}]"
}

resource "google_storage_bucket_iam_member" "record" {
  for_each = merge([for name, workload in local.workloads : {
    for role in ["roles/storage.objectCreator", "roles/storage.objectViewer"] : "${name}-${role}" => { name = name, role = role }
  } if workload.may == "record"]...)

  bucket = var.record_bucket
  role   = each.value.role
  member = google_service_account.workload[each.value.name].member
}

# Secrets of this platform, by the beginning of their name; a project may hold others.
resource "google_project_iam_member" "secrets" {
  for_each = { for name, workload in local.workloads : name => workload if workload.may == "secrets" }

  project = var.naming.account
  role    = "roles/secretmanager.secretAccessor"
  member  = google_service_account.workload[each.key].member

  condition {
    title       = "own-secrets"
    description = "Secrets of ${local.name} alone."
    expression  = "resource.name.startsWith(\"projects/${var.number}/secrets/${var.naming.prefix}-\")"
  }
}

resource "google_project_iam_member" "people" {
  for_each = local.people

  project = var.naming.account
  role    = each.value
  member  = var.members[each.key]
}
