output "archive_name" {
  description = "The name of the archive."
  value       = google_storage_bucket.archive.name
}

output "channel_id" {
  description = "Who is told."
  value       = google_monitoring_notification_channel.this.id
}
