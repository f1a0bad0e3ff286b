output "address" {
  description = "What the domain leads to."
  value       = azurerm_public_ip.this.ip_address
}

output "backend_address" {
  description = "The address that the gateway of the cluster asks for."
  value       = local.backend
}
