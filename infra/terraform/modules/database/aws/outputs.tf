output "address" {
  description = "Where services find the database."
  value       = aws_db_instance.this.address
}

output "resource_id" {
  description = "What rules of who may sign in name the database by."
  value       = aws_db_instance.this.resource_id
}
