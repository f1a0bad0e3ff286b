locals {
  used = { for name, key in local.kept : name => {
    key_id      = azurerm_key_vault_key.this[name].versionless_id
    version_id  = azurerm_key_vault_key.this[name].id
    scope       = azurerm_key_vault_key.this[name].resource_versionless_id
    identity_id = azurerm_user_assigned_identity.this[name].id
    client_id   = azurerm_user_assigned_identity.this[name].client_id
  } }
}

output "keys" {
  description = "By purpose, the key (always its newest version) and the identity that may use it."
  value       = { for name, key in local.kept : key.purpose => local.used[name] if key.place == "here" }
}

output "recovery_keys" {
  description = "The same in the recovery region; none where nothing is replicated."
  value       = { for name, key in local.kept : key.purpose => local.used[name] if key.place == "recovery" }
}

output "vault_id" {
  description = "The vault of the keys."
  value       = azurerm_key_vault.this["here"].id
}
