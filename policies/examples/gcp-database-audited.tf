resource "google_sql_database_instance" "good" {
  name             = "good-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_off" {
  name             = "bad_off-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "off"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_nothing" {
  name             = "bad_nothing-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_nameless" {
  name             = "bad_nameless-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
      value = "off"
    }
  }
}

resource "google_sql_database_instance" "unknown_flag" {
  name             = "unknown_flag-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = terraform_data.later.output
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
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

resource "terraform_data" "later" {
  input = "on"
}

resource "google_sql_database_instance" "bad_none" {
  name             = "bad-nothing-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "none"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_tables" {
  name             = "bad-tables-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "good_all" {
  name             = "good-all-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "all, -misc"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}

resource "google_sql_database_instance" "bad_less" {
  name             = "bad-less-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "all,-role"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }
  }
}
