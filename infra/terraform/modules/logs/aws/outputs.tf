output "archive_arn" {
  description = "The archive; whoever is given it may count on its policy."
  value       = "arn:aws:s3:::${aws_s3_bucket_policy.archive.bucket}"
}

output "archive_name" {
  description = "The name of the archive."
  value       = aws_s3_bucket_policy.archive.bucket
}

output "topic_arn" {
  description = "Where alerts go."
  value       = aws_sns_topic_policy.alerts.arn
}
