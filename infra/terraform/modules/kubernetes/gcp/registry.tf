# Images come from a registry of our own, within the region, under the key for data; a tag means one image for ever. Only
# images from it start.

resource "google_artifact_registry_repository" "this" {
  project       = var.naming.account
  location      = var.naming.region
  repository_id = local.name
  description   = "Images of the platform."
  format        = "DOCKER"
  kms_key_name  = var.key_id
  labels        = local.tags

  docker_config {
    immutable_tags = true
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  project    = var.naming.account
  location   = var.naming.region
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = var.nodes.member
}

resource "google_binary_authorization_policy" "this" {
  project                       = var.naming.account
  description                   = "Images of our own registry, and what the cloud itself needs to run the cluster."
  global_policy_evaluation_mode = "ENABLE"

  default_admission_rule {
    evaluation_mode  = "ALWAYS_DENY"
    enforcement_mode = "ENFORCED_BLOCK_AND_AUDIT_LOG"
  }

  # One star ends at the next slash, and an image may have one in its name.
  admission_whitelist_patterns {
    name_pattern = "${var.naming.region}-docker.pkg.dev/${var.naming.account}/${local.name}/**"
  }
}
