resource "google_sql_database_instance" "good" {
  name                 = "good-database"
  region               = "europe-west3"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier        = "db-custom-2-8192"
    user_labels = { service = "database" }
  }
}

resource "google_sql_database_instance" "good__copy" {
  name                 = "good-copy"
  region               = "europe-west4"
  database_version     = "POSTGRES_17"
  master_instance_name = google_sql_database_instance.good.name
}

resource "google_sql_database_instance" "bad_here" {
  name                 = "bad-here-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier        = "db-custom-2-8192"
    user_labels = { service = "database" }
  }
}

resource "google_sql_database_instance" "other_slow" {
  name                 = "other-slow-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier        = "db-custom-2-8192"
    user_labels = { service = "budget" }
  }
}

resource "google_sql_database_instance" "bad_same" {
  name                 = "bad-same-database"
  region               = "europe-west3"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier        = "db-custom-2-8192"
    user_labels = { service = "database" }
  }
}

resource "google_sql_database_instance" "bad_same__copy" {
  name                 = "bad-same-copy"
  region               = "europe-west3"
  database_version     = "POSTGRES_17"
  master_instance_name = google_sql_database_instance.bad_same.name
}
