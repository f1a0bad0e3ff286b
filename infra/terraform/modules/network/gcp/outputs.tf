output "network_id" {
  description = "The network."
  value       = google_compute_network.this.id
}

output "subnet_ids" {
  description = "The subnet of each segment, and of data in the recovery region."
  value       = { for name, subnet in google_compute_subnetwork.this : name => subnet.id }
}

output "services_cidr" {
  description = "The range of services."
  value       = local.subnets.services.cidr
}
