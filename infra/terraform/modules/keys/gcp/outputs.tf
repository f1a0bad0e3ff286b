# What is encrypted waits until its agent may use the key.
output "ids" {
  description = "The key of each purpose."
  value       = { for name, binding in google_kms_crypto_key_iam_binding.use : local.kept[name].purpose => binding.crypto_key_id if local.kept[name].place == "here" }
}

output "recovery_ids" {
  description = "The key of each purpose in the recovery region; none where nothing is replicated."
  value       = { for name, binding in google_kms_crypto_key_iam_binding.use : local.kept[name].purpose => binding.crypto_key_id if local.kept[name].place == "recovery" }
}
