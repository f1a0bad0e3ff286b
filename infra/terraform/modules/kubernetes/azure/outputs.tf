output "endpoint" {
  description = "Where the cluster's interface is, inside the network."
  value       = azurerm_kubernetes_cluster.this.private_fqdn
}

output "registry" {
  description = "Where images come from."
  value       = azurerm_container_registry.this.login_server
}
