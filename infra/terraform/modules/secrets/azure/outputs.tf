output "vault_id" {
  description = "The vault of the secrets."
  value       = azurerm_key_vault.this.id
}

output "vault_uri" {
  description = "Where the platform's rotation writes."
  value       = azurerm_key_vault.this.vault_uri
}
