output "address" {
  description = "What the domain leads to."
  value       = google_compute_global_address.this.address
}
