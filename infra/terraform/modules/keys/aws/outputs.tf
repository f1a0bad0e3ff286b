output "arns" {
  description = "The key of each purpose."
  value       = { for purpose, key in aws_kms_key.this : purpose => key.arn }
}

output "recovery_arns" {
  description = "The key of each purpose in the recovery region; none where nothing is replicated."
  value       = { for purpose, key in aws_kms_replica_key.this : purpose => key.arn }
}
