resource "google_sql_database_instance" "good" {
  name             = "good-database"
  database_version = "POSTGRES_17"
  root_password    = ""

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_passwords" {
  name             = "bad_passwords-database"
  database_version = "POSTGRES_17"
  root_password    = ""

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "off"
    }
  }
}

resource "google_sql_database_instance" "bad_written" {
  name             = "bad_written-database"
  database_version = "POSTGRES_17"
  root_password    = "correct horse"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_bare" {
  name             = "bad-bare-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"
  }
}

resource "google_sql_database_instance" "unknown_flag" {
  name             = "unknown_flag-database"
  database_version = "POSTGRES_17"
  root_password    = ""

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = terraform_data.later.output
    }
  }
}

resource "terraform_data" "later" {
  input = "on"
}
