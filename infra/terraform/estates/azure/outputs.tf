output "database_address" {
  description = "Where services find the database."
  value       = module.database.address
}

output "accounts" {
  description = "The storage accounts of the record and the backups."
  value       = module.objects.account_ids
}
