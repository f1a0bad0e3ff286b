output "address" {
  description = "Where services find the database."
  value       = google_compute_address.this["here"].address
}

output "recovery_address" {
  description = "Where services find the replica in the recovery region; null where there is none."
  value       = try(google_compute_address.this["recovery"].address, null)
}

output "connection_name" {
  description = "What the cloud's own connector finds the database by."
  value       = google_sql_database_instance.this.connection_name
}
