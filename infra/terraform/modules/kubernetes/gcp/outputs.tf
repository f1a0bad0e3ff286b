output "endpoint" {
  description = "Where the cluster's interface is, inside the network."
  value       = google_container_cluster.this.endpoint
}

output "registry" {
  description = "Where images come from."
  value       = "${var.naming.region}-docker.pkg.dev/${var.naming.account}/${google_artifact_registry_repository.this.name}"
}
