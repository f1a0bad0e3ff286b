output "database_address" {
  description = "Where services find the database."
  value       = module.database.address
}

output "accounts" {
  description = "The storage accounts of the record and the backups."
  value       = module.objects.account_ids
}

output "cluster_endpoint" {
  description = "Where the cluster's interface is, inside the network."
  value       = module.kubernetes.endpoint
}

output "registry" {
  description = "Where images come from."
  value       = module.kubernetes.registry
}

output "secrets" {
  description = "Where the platform's rotation writes."
  value       = module.secrets.vault_uri
}

output "edge_address" {
  description = "What the domain leads to."
  value       = module.edge.address
}

output "edge_backend" {
  description = "The address that the gateway of the cluster asks for."
  value       = module.edge.backend_address
}

output "lent_clients" {
  description = "What a run signs in as."
  value       = module.access.client_ids
}
