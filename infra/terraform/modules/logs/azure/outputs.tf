output "workspace" {
  description = "Where logs are searched."
  value       = { id = azurerm_log_analytics_workspace.this.id, guid = azurerm_log_analytics_workspace.this.workspace_id }
}

output "flow_storage_id" {
  description = "The account that keeps the flow logs of the region."
  value       = azurerm_storage_account.this["flows-here"].id
}

output "recovery_flow_storage_id" {
  description = "The account that keeps the flow logs of the recovery region; null where nothing is replicated."
  value       = try(azurerm_storage_account.this["flows-recovery"].id, null)
}

output "action_group_id" {
  description = "Who is told."
  value       = azurerm_monitor_action_group.this.id
}

output "archive_storage_id" {
  description = "The account of the archive."
  value       = azurerm_storage_account.this["archive"].id
}

output "collection_endpoint_id" {
  description = "Where agents fetch what they are to collect."
  value       = azurerm_monitor_data_collection_endpoint.this.id
}
