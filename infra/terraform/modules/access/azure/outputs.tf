output "principal_ids" {
  description = "Who the platform lends: plan, apply, operators, break-glass."
  value       = { for purpose, identity in azurerm_user_assigned_identity.this : purpose => identity.principal_id }
}

output "client_ids" {
  description = "What a run signs in as."
  value       = { for purpose, identity in azurerm_user_assigned_identity.this : purpose => identity.client_id }
}
