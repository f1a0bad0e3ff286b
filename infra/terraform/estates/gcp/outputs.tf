output "database_address" {
  description = "Where services find the database."
  value       = module.database.address
}

output "buckets" {
  description = "The buckets of the record and the backups."
  value       = module.objects.bucket_names
}

output "archive" {
  description = "The log archive."
  value       = module.logs.archive_name
}
