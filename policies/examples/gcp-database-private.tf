resource "google_sql_database_instance" "good" {
  name             = "good-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled    = false
      private_network = "projects/books/global/networks/books"
    }
  }
}

resource "google_sql_database_instance" "good_endpoint" {
  name             = "good_endpoint-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled = false

      psc_config {
        psc_enabled = true
      }
    }
  }
}

resource "google_sql_database_instance" "bad_public" {
  name             = "bad_public-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled    = true
      private_network = "projects/books/global/networks/books"
    }
  }
}

resource "google_sql_database_instance" "bad_default" {
  name             = "bad_default-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      private_network = "projects/books/global/networks/books"
    }
  }
}

resource "google_sql_database_instance" "bad_nowhere" {
  name             = "bad_nowhere-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled = false
    }
  }
}

resource "google_sql_database_instance" "bad_outside" {
  name             = "bad_outside-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled    = false
      private_network = "projects/books/global/networks/books"

      authorized_networks {
        value = "198.51.100.0/24"
      }
    }
  }
}

resource "google_sql_database_instance" "unknown_public" {
  name             = "unknown_public-database"
  database_version = "POSTGRES_17"

  settings {
    tier = "db-custom-2-8192"

    ip_configuration {
      ipv4_enabled    = terraform_data.later.output
      private_network = "projects/books/global/networks/books"
    }
  }
}

resource "terraform_data" "later" {
  input = false
}
