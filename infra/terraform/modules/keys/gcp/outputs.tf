# What is encrypted waits until its agent may use the key. These values come from the keys alone, so that a plan says what they are.
output "ids" {
  description = "The key of each purpose."
  value       = { for name, key in google_kms_crypto_key.this : trimsuffix(name, "-here") => key.id if endswith(name, "-here") }
  depends_on  = [google_kms_crypto_key_iam_binding.use]
}

output "recovery_ids" {
  description = "The key of each purpose in the recovery region; none where nothing is replicated."
  value       = { for name, key in google_kms_crypto_key.this : trimsuffix(name, "-recovery") => key.id if endswith(name, "-recovery") }
  depends_on  = [google_kms_crypto_key_iam_binding.use]
}
