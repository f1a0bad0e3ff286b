output "address" {
  description = "Where services find the database."
  value       = google_compute_address.this.address
}

output "connection_name" {
  description = "What the cloud's own connector finds the database by."
  value       = google_sql_database_instance.this.connection_name
}
