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

output "cluster_endpoint" {
  description = "Where the cluster's interface is, inside the network."
  value       = module.kubernetes.endpoint
}

output "registry" {
  description = "Where images come from."
  value       = module.kubernetes.registry
}

output "edge_address" {
  description = "What the domain leads to."
  value       = module.edge.address
}

output "edge_group" {
  description = "What the gateway's service in the cluster names, so that callers reach its pods."
  value       = module.edge.group
}

output "lent_members" {
  description = "Who the platform lends."
  value       = module.access.members
}

output "lender" {
  description = "What a run signs in at."
  value       = module.access.provider
}
