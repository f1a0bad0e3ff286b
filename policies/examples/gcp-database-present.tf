resource "google_sql_database_instance" "good" {
  name             = "good-database"
  database_version = "POSTGRES_17"
}

resource "google_pubsub_topic" "bad_forgotten" {
  name = "bad-forgotten"
}
