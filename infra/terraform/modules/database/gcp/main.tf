# The database: a synchronous standby in another zone, the customer's key, TLS only, no address outside, workloads'
# identities instead of passwords, backups to any second, a replica in the recovery region.

locals {
  # No statement is logged but those that change tables: others carry values of customers.
  flags = {
    "cloudsql.iam_authentication" = "on"
    "cloudsql.enable_pgaudit"     = "on"
    "pgaudit.log"                 = "ddl,role"
    "log_connections"             = "on"
    "log_disconnections"          = "on"
    "log_checkpoints"             = "on"
    "log_lock_waits"              = "on"
    "log_hostname"                = "on"
    "log_statement"               = "ddl"
    "log_min_messages"            = "warning"
    "log_min_error_statement"     = "error"
    "log_min_duration_statement"  = "-1"
    "log_temp_files"              = "0"
  }
}

resource "google_sql_database_instance" "this" {
  project             = var.naming.account
  name                = var.naming.prefix
  region              = var.naming.region
  database_version    = "POSTGRES_${var.settings.version}"
  instance_type       = "CLOUD_SQL_INSTANCE"
  encryption_key_name = var.key_id
  deletion_protection = var.settings.deletion_protection

  settings {
    tier                        = var.size
    edition                     = var.edition
    availability_type           = var.settings.synchronous ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.settings.storage_gb
    disk_autoresize             = true
    disk_autoresize_limit       = 4 * var.settings.storage_gb
    deletion_protection_enabled = var.settings.deletion_protection
    retain_backups_on_delete    = true
    connector_enforcement       = "NOT_REQUIRED"
    user_labels                 = var.naming.tags.database

    ip_configuration {
      ipv4_enabled   = false
      ssl_mode       = "ENCRYPTED_ONLY"
      server_ca_mode = "GOOGLE_MANAGED_CAS_CA"

      psc_config {
        psc_enabled               = true
        allowed_consumer_projects = [var.naming.account]
      }
    }

    backup_configuration {
      enabled                        = true
      location                       = var.naming.recovery_region
      start_time                     = "01:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.log_days

      backup_retention_settings {
        retained_backups = var.settings.backup_days
        retention_unit   = "COUNT"
      }
    }

    maintenance_window {
      day          = 7
      hour         = 2
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_client_address   = true
      record_application_tags = true
    }

    dynamic "database_flags" {
      for_each = local.flags

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }
}

resource "google_sql_database_instance" "replica" {
  count = var.settings.replica ? 1 : 0

  project              = var.naming.account
  name                 = "${var.naming.prefix}-recovery"
  region               = var.naming.recovery_region
  master_instance_name = google_sql_database_instance.this.name
  database_version     = "POSTGRES_${var.settings.version}"
  encryption_key_name  = var.recovery_key_id
  deletion_protection  = var.settings.deletion_protection

  settings {
    tier                        = var.size
    edition                     = var.edition
    availability_type           = var.settings.synchronous ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_autoresize             = true
    deletion_protection_enabled = var.settings.deletion_protection
    user_labels                 = var.naming.tags.database

    ip_configuration {
      ipv4_enabled   = false
      ssl_mode       = "ENCRYPTED_ONLY"
      server_ca_mode = "GOOGLE_MANAGED_CAS_CA"

      psc_config {
        psc_enabled               = true
        allowed_consumer_projects = [var.naming.account]
      }
    }

    dynamic "database_flags" {
      for_each = local.flags

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }
}

# The data segment has an address of the database's, and in the recovery region one of the replica's, which services of both
# regions reach.
locals {
  reached = merge(
    { here = {
      region = var.naming.region, subnet = var.subnet_id
      leads  = google_sql_database_instance.this.psc_service_attachment_link
    } },
    var.settings.replica ? { recovery = {
      region = var.naming.recovery_region, subnet = var.recovery_subnet_id
      leads  = google_sql_database_instance.replica[0].psc_service_attachment_link
    } } : {},
  )
}

resource "google_compute_address" "this" {
  for_each = local.reached

  project      = var.naming.account
  name         = "${var.naming.prefix}-database${each.key == "here" ? "" : "-recovery"}"
  description  = "The database, within the data segment."
  region       = each.value.region
  subnetwork   = each.value.subnet
  address_type = "INTERNAL"
  purpose      = "GCE_ENDPOINT"
  labels       = var.naming.tags.database
}

resource "google_compute_forwarding_rule" "this" {
  for_each = local.reached

  project                 = var.naming.account
  name                    = "${var.naming.prefix}-database${each.key == "here" ? "" : "-recovery"}"
  description             = "The database, within the data segment."
  region                  = each.value.region
  network                 = var.network_id
  ip_address              = google_compute_address.this[each.key].id
  target                  = each.value.leads
  load_balancing_scheme   = ""
  allow_psc_global_access = each.key == "recovery"
  labels                  = var.naming.tags.database
}
