resource "google_sql_database_instance" "good" {
  name                = "good-database"
  database_version    = "POSTGRES_17"
  deletion_protection = true

  settings {
    tier                        = "db-custom-2-8192"
    deletion_protection_enabled = true
  }
}

resource "google_sql_database_instance" "good_default" {
  name             = "good_default-database"
  database_version = "POSTGRES_17"

  settings {
    tier                        = "db-custom-2-8192"
    deletion_protection_enabled = true
  }
}

resource "google_sql_database_instance" "bad_code" {
  name                = "bad_code-database"
  database_version    = "POSTGRES_17"
  deletion_protection = false

  settings {
    tier                        = "db-custom-2-8192"
    deletion_protection_enabled = true
  }
}

resource "google_sql_database_instance" "bad_console" {
  name                = "bad_console-database"
  database_version    = "POSTGRES_17"
  deletion_protection = true

  settings {
    tier                        = "db-custom-2-8192"
    deletion_protection_enabled = false
  }
}

resource "google_sql_database_instance" "unknown_console" {
  name                = "unknown_console-database"
  database_version    = "POSTGRES_17"
  deletion_protection = true

  settings {
    tier                        = "db-custom-2-8192"
    deletion_protection_enabled = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = true
}
