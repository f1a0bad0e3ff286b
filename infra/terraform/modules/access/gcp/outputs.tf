output "members" {
  description = "Who the platform lends: plan, apply, operators, break-glass."
  value       = { for purpose, account in google_service_account.this : purpose => account.member }
}

output "provider" {
  description = "What a run signs in at."
  value       = google_iam_workload_identity_pool_provider.platform.name
}

output "nodes" {
  description = "The service account of nodes."
  value       = { email = google_service_account.nodes.email, member = google_service_account.nodes.member }
}
