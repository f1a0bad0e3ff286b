resource "google_sql_database_instance" "good" {
  name             = "good-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ssl_mode = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_sql_database_instance" "good_certificates" {
  name             = "good_certificates-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ssl_mode = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }
  }
}

resource "google_sql_database_instance" "bad_plain" {
  name             = "bad_plain-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    }
  }
}

resource "google_sql_database_instance" "bad_default" {
  name             = "bad-default-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_sql_database_instance" "unknown_mode" {
  name             = "unknown_mode-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ssl_mode = terraform_data.later.output
    }
  }
}

resource "terraform_data" "later" {
  input = "ENCRYPTED_ONLY"
}
