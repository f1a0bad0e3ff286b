# One key for each purpose; only the agents of the services that keep that purpose's data may use it.

locals {
  purposes = jsondecode(file("${path.module}/../purposes.json"))
  rings    = merge({ here = var.naming.region }, var.recovery ? { recovery = var.naming.recovery_region } : {})
  kept = merge([for place, region in local.rings : {
    for purpose, key in local.purposes : "${purpose}-${place}" => merge(key, { purpose = purpose, place = place })
    if place == "here" || key.recovers
  }]...)

  agents = {
    data    = ["gcp-sa-cloud-sql", "compute-system", "gcp-sa-artifactregistry"]
    secrets = ["gcp-sa-secretmanager", "container-engine-robot"]
    record  = ["gs-project-accounts"]
    logs    = ["gs-project-accounts", "gcp-sa-pubsub"]
  }
  # Log buckets are read and written by an account that the cloud makes when it is first asked who that is.
  others = { logs = [data.google_logging_project_cmek_settings.this.service_account_id] }
  day    = 86400
}

data "google_logging_project_cmek_settings" "this" {
  project = var.naming.account
}

resource "google_kms_key_ring" "this" {
  for_each = local.rings

  project  = var.naming.account
  name     = var.naming.prefix
  location = each.value
}

resource "google_kms_crypto_key" "this" {
  for_each = local.kept

  name                       = "${var.naming.prefix}-${each.value.purpose}"
  key_ring                   = google_kms_key_ring.this[each.value.place].id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "${var.settings.rotation_days * local.day}s"
  destroy_scheduled_duration = "${var.settings.deletion_days * local.day}s"
  labels                     = merge(var.naming.tags.keys, { purpose = each.value.purpose })

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = var.settings.hsm ? "HSM" : "SOFTWARE"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_binding" "use" {
  for_each = local.kept

  crypto_key_id = google_kms_crypto_key.this[each.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  members = [for account in concat(
    [for agent in local.agents[each.value.purpose] : "service-${var.number}@${agent}.iam.gserviceaccount.com"],
    lookup(local.others, each.value.purpose, []),
  ) : "serviceAccount:${account}"]
}
