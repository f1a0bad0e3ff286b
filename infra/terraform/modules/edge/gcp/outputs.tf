output "address" {
  description = "What the domain leads to."
  value       = google_compute_global_address.this.address
}

output "group" {
  description = "What the gateway's service names in its annotation cloud.google.com/neg, so that callers reach its pods."
  value       = local.group
}
