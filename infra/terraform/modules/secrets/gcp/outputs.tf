output "ids" {
  description = "The secrets by name."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.id }
}
