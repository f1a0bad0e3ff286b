output "network_id" {
  description = "The network."
  value       = google_compute_network.this.id
}

output "subnet_ids" {
  description = "The subnet of each segment, and of data in the recovery region."
  value       = { for name, subnet in google_compute_subnetwork.this : name => subnet.id }

  # Nodes ask for images and for their cluster as soon as they start, so that the ways out are there before.
  depends_on = [
    google_compute_firewall.flow, google_compute_route.restricted, google_compute_route.services,
    google_compute_router_nat.this, google_dns_record_set.here, google_dns_record_set.under,
  ]
}

output "services_cidr" {
  description = "The range of services."
  value       = local.subnets.services.cidr
}
