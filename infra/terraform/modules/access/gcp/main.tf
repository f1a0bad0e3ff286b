# Who may come in to change or look: nobody for ever. The platform signs who runs what, and this project believes only it,
# for one environment and one purpose each. There are no keys of service accounts.

locals {
  roles = jsondecode(file("${path.module}/roles.json"))
  reads = jsondecode(file("${path.module}/reads.json"))

  # What the provider asks for when it compares a type with the code. Budgets are a billing account's own: its owner gives
  # what `of_billing` says, since no role of a project reaches there.
  seen = sort(distinct(concat(local.roles.finds, [for right in flatten(values(local.reads)) : right if !startswith(right, "billing.")])))
  pool = "projects/${var.number}/locations/global/workloadIdentityPools/${var.naming.brief}-platform"
  who  = toset(["plan", "apply", "operators", "break-glass"])
  held = merge([for who in ["plan", "apply"] : {
    for role in local.roles[who] : "${who}-${role}" => { who = who, role = role }
  }]...)
}

resource "google_iam_workload_identity_pool" "platform" {
  project                   = var.naming.account
  workload_identity_pool_id = "${var.naming.brief}-platform"
  display_name              = "Runs of ${var.naming.brief}"
  description               = "Whoever the platform signs for."
}

resource "google_iam_workload_identity_pool_provider" "platform" {
  project                            = var.naming.account
  workload_identity_pool_id          = google_iam_workload_identity_pool.platform.workload_identity_pool_id
  workload_identity_pool_provider_id = "platform"
  display_name                       = "The platform"
  description                        = "One issuer, one environment."
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.sub.startsWith(\"cloud/${var.naming.environment}/gcp/\")"

  oidc {
    issuer_uri        = var.issuer
    allowed_audiences = [var.audience]
  }
}

resource "google_service_account" "this" {
  for_each = local.who

  project      = var.naming.account
  account_id   = "${var.naming.brief}-${each.key}"
  display_name = "${each.key} of ${var.naming.prefix}"
  description  = "Lent by the platform, for a run."
}

resource "google_service_account_iam_binding" "this" {
  for_each = local.who

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  members = [
    "principal://iam.googleapis.com/${local.pool}/subject/cloud/${var.naming.environment}/gcp/${each.key}",
  ]

  depends_on = [google_iam_workload_identity_pool_provider.platform]
}

# Roles that read settings, and for apply those that change them. What is kept is read by none of them: buckets, keys and
# secrets are managed by a role of our own that has no permission on objects, plaintexts and values.
resource "google_project_iam_member" "held" {
  for_each = local.held

  project = var.naming.account
  role    = each.value.role
  member  = google_service_account.this[split("-", each.key)[0]].member
}

resource "google_project_iam_custom_role" "keeps" {
  for_each = toset(["plan", "apply"])

  project     = var.naming.account
  role_id     = "${var.naming.compact}_${each.key}"
  title       = "${each.key} of ${var.naming.prefix}"
  description = "Manages what keeps data, and reads none of it."
  permissions = each.key == "plan" ? local.seen : sort(distinct(concat(local.seen, local.roles.changes)))
}

resource "google_project_iam_member" "keeps" {
  for_each = google_project_iam_custom_role.keeps

  project = var.naming.account
  role    = each.value.id
  member  = google_service_account.this[each.key].member
}

# Nodes write logs and fetch images. A run may start nodes as them, and as nobody else.
resource "google_service_account" "nodes" {
  project      = var.naming.account
  account_id   = "${var.naming.brief}-nodes"
  display_name = "Nodes of ${var.naming.prefix}"
  description  = "Writes logs and measures, fetches images."
}

resource "google_project_iam_member" "nodes" {
  project = var.naming.account
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_service_account_iam_binding" "nodes" {
  service_account_id = google_service_account.nodes.name
  role               = "roles/iam.serviceAccountUser"
  members            = [google_service_account.this["apply"].member]
}

resource "google_project_iam_member" "people" {
  for_each = { operators = "roles/container.clusterViewer", break-glass = "roles/container.admin" }

  project = var.naming.account
  role    = each.value
  member  = google_service_account.this[each.key].member
}

# Copies to the recovery region follow messages that buckets send and the cloud's copier takes, from a queue it makes itself:
# cloud.google.com/storage-transfer/docs/cross-bucket-replication. Given here, since no run may give so much.
resource "google_project_iam_member" "copies" {
  for_each = var.copies ? {
    "roles/pubsub.publisher" = "service-${var.number}@gs-project-accounts.iam.gserviceaccount.com"
    "roles/pubsub.editor"    = "project-${var.number}@storage-transfer-service.iam.gserviceaccount.com"
  } : {}

  project = var.naming.account
  role    = each.key
  member  = "serviceAccount:${each.value}"
}

# A run gives the roles that the modules give, and no other: it cannot make itself an owner.
resource "google_project_iam_member" "gives" {
  project = var.naming.account
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.this["apply"].member

  condition {
    title       = "only-what-modules-give"
    description = "The roles that the modules give, and no other."
    expression  = "api.getAttribute(\"iam.googleapis.com/modifiedGrantsByRole\", []).hasOnly(${jsonencode(local.roles.gives)})"
  }
}
