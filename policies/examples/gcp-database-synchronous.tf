resource "google_sql_database_instance" "good" {
  name                 = "good-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "REGIONAL"
    user_labels       = { service = "database" }
  }
}

resource "google_sql_database_instance" "bad_zone" {
  name                 = "bad_zone-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "database" }
  }
}

resource "google_sql_database_instance" "bad_stranger" {
  name                 = "bad_stranger-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "nobody-knows" }
  }
}

resource "google_sql_database_instance" "bad_primary" {
  name             = "bad_primary-database"
  database_version = "POSTGRES_17"
  instance_type    = "CLOUD_SQL_INSTANCE"

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "database" }
  }
}

resource "google_sql_database_instance" "other_loses" {
  name                 = "other_loses-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "kubernetes" }
  }
}

resource "google_sql_database_instance" "other_replica" {
  name                 = "other_replica-database"
  database_version     = "POSTGRES_17"
  master_instance_name = "books"

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "database" }
  }
}

resource "google_sql_database_instance" "unknown_zone" {
  name                 = "unknown_zone-database"
  database_version     = "POSTGRES_17"
  master_instance_name = ""

  settings {
    tier              = "db-custom-2-8192"
    availability_type = terraform_data.later.output
    user_labels       = { service = "database" }
  }
}

resource "google_sql_database_instance" "unknown_replica" {
  name             = "unknown_replica-database"
  database_version = "POSTGRES_17"

  settings {
    tier              = "db-custom-2-8192"
    availability_type = "ZONAL"
    user_labels       = { service = "database" }
  }
}

resource "terraform_data" "later" {
  input = "REGIONAL"
}
