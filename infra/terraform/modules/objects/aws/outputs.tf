output "bucket_arns" {
  description = "The buckets by purpose."
  value       = { for purpose in keys(local.days) : purpose => aws_s3_bucket.this["${purpose}-here"].arn }
}

output "bucket_names" {
  description = "The names of the buckets by purpose."
  value       = { for purpose in keys(local.days) : purpose => aws_s3_bucket.this["${purpose}-here"].bucket }
}

output "access_bucket" {
  description = "The bucket that access logs of the region are delivered to."
  value       = aws_s3_bucket_policy.this["access-here"].bucket
}
