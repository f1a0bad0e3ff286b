output "bucket_names" {
  description = "The names of the buckets by purpose."
  value       = { for purpose in keys(local.days) : purpose => google_storage_bucket.this["${purpose}-here"].name }
}

output "access_bucket" {
  description = "The bucket that access logs of the region are delivered to."
  value       = google_storage_bucket.access["access-here"].name
}
