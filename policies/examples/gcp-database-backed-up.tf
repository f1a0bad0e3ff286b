resource "google_sql_database_instance" "good" {
  name                 = "good-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }
}

resource "google_sql_database_instance" "bad_none" {
  name                 = "bad_none-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = false
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }
}

resource "google_sql_database_instance" "bad_whole" {
  name                 = "bad_whole-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = false
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }
}

resource "google_sql_database_instance" "bad_short_log" {
  name                 = "bad_short_log-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 1

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }
}

resource "google_sql_database_instance" "bad_short" {
  name                 = "bad_short-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 7
      }
    }
  }
}

resource "google_sql_database_instance" "other_replica" {
  name                 = "other_replica-database"
  database_version     = "POSTGRES_17"
  master_instance_name = "books"

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_sql_database_instance" "unknown_backups" {
  name                 = "unknown_backups-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier = "db-custom-2-8192"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = terraform_data.later.output
      }
    }
  }
}

resource "terraform_data" "later" {
  input = 35
}
