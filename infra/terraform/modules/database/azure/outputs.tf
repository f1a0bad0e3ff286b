output "address" {
  description = "Where services find the database."
  value       = azurerm_postgresql_flexible_server.this.fqdn
}

output "server_id" {
  description = "The server."
  value       = azurerm_postgresql_flexible_server.this.id
}
