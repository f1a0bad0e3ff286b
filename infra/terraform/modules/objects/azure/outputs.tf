output "account_ids" {
  description = "The storage accounts by purpose."
  value       = { for purpose in keys(local.days) : purpose => azurerm_storage_account.this["${purpose}-here"].id }
}

output "container_ids" {
  description = "The containers by purpose."
  value       = { for purpose in keys(local.days) : purpose => azurerm_storage_container.this["${purpose}-here"].id }
}
