# An estate of examples: one object for each tampering of tests/governance/tampering_azure.py, and what these stand on.
terraform {
  backend "http" {}
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}

provider "azurerm" {
  features {}
  subscription_id = "00000000-0000-0000-0000-0000000000aa"
}

variable "environment" {
  type    = string
  default = "staging"
}

locals {
  location = "West Europe"
  tags     = { managed-by = "tallystick", estate = "staging-azure" }
  accounts = toset(["calm", "shown", "plain", "old", "wide", "shared", "unkeyed", "public", "forgets", "deleted"])
  vaults   = toset(["calm", "open", "public", "listed"])
}

resource "azurerm_resource_group" "main" {
  name     = "tallystick"
  location = local.location
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  name                = "tallystick"
  resource_group_name = azurerm_resource_group.main.name
  location            = local.location
  address_space       = ["10.30.0.0/16"]
  tags                = local.tags
}

resource "azurerm_subnet" "main" {
  for_each                        = { services = 0, leaking = 1, data = 2 }
  name                            = each.key
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [cidrsubnet("10.30.0.0/16", 4, each.value)]
  default_outbound_access_enabled = false
  service_endpoints               = ["Microsoft.KeyVault"]
}

resource "azurerm_network_security_group" "inline" {
  for_each            = toset(["calm", "opened", "deleted"])
  name                = "inline-${each.key}"
  resource_group_name = azurerm_resource_group.main.name
  location            = local.location
  tags                = local.tags
  security_rule {
    name                       = "database"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    source_address_prefix      = "10.30.0.0/16"
    destination_port_range     = "5432"
    destination_address_prefix = "*"
  }
}

resource "azurerm_network_security_group" "apart" {
  name                = "apart"
  resource_group_name = azurerm_resource_group.main.name
  location            = local.location
  tags                = local.tags
}

resource "azurerm_network_security_rule" "main" {
  for_each                    = { calm = 200, widened = 210, gone = 220 }
  name                        = each.key
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.apart.name
  priority                    = each.value
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "10.30.0.0/16"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_user_assigned_identity" "main" {
  name                = "storage"
  resource_group_name = azurerm_resource_group.main.name
  location            = local.location
}

resource "azurerm_key_vault" "main" {
  for_each                      = local.vaults
  name                          = "tallystick-${each.key}"
  resource_group_name           = azurerm_resource_group.main.name
  location                      = local.location
  tenant_id                     = "00000000-0000-0000-0000-0000000000bb"
  sku_name                      = "premium"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  public_network_access_enabled = false
  tags                          = local.tags
  network_acls {
    bypass         = "AzureServices"
    default_action = "Deny"
  }
}

resource "azurerm_key_vault_key" "main" {
  for_each     = toset(["calm", "still", "off", "gone"])
  name         = each.key
  key_vault_id = azurerm_key_vault.main["calm"].id
  key_type     = "RSA-HSM"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]
  rotation_policy {
    expire_after         = "P120D"
    notify_before_expiry = "P29D"
    automatic { time_after_creation = "P90D" }
  }
}

resource "azurerm_key_vault_secret" "main" {
  for_each        = toset(["calm", "replaced", "endless", "gone"])
  name            = each.key
  key_vault_id    = azurerm_key_vault.main["calm"].id
  value           = "a secret of tests"
  content_type    = "text/plain"
  expiration_date = "2030-01-01T00:00:00Z"
}

resource "azurerm_storage_account" "main" {
  for_each                        = local.accounts
  name                            = "tallystick${each.key}"
  resource_group_name             = azurerm_resource_group.main.name
  location                        = local.location
  account_tier                    = "Standard"
  account_replication_type        = "GZRS"
  min_tls_version                 = "TLS1_2"
  allow_nested_items_to_be_public = false
  shared_access_key_enabled       = false
  public_network_access_enabled   = false
  tags                            = local.tags
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main.id]
  }
  customer_managed_key {
    key_vault_key_id          = azurerm_key_vault_key.main["calm"].versionless_id
    user_assigned_identity_id = azurerm_user_assigned_identity.main.id
  }
  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }
  blob_properties {
    versioning_enabled = true
    delete_retention_policy { days = 30 }
  }
}

resource "azurerm_storage_container" "main" {
  for_each              = toset(["records", "opened", "dropped"])
  name                  = each.key
  storage_account_id    = azurerm_storage_account.main["calm"].id
  container_access_type = "private"
}

resource "azurerm_postgresql_flexible_server" "main" {
  for_each                      = toset(["calm", "public", "words", "alone", "here", "deleted"])
  name                          = "tallystick-${each.key}"
  resource_group_name           = azurerm_resource_group.main.name
  location                      = local.location
  version                       = "17"
  sku_name                      = "GP_Standard_D2s_v3"
  storage_mb                    = 65536
  backup_retention_days         = 35
  geo_redundant_backup_enabled  = true
  public_network_access_enabled = false
  tags                          = local.tags
  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
    tenant_id                     = "00000000-0000-0000-0000-0000000000bb"
  }
  high_availability { mode = "ZoneRedundant" }
}

resource "azurerm_postgresql_flexible_server_configuration" "main" {
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.main["calm"].id
  value     = "on"
}

resource "azurerm_role_assignment" "main" {
  for_each             = toset(["Key Vault Crypto Service Encryption User", "Reader"])
  scope                = azurerm_resource_group.main.id
  role_definition_name = each.key
  principal_id         = "00000000-0000-0000-0000-0000000000cc"
}

resource "azurerm_management_lock" "main" {
  name       = "kept"
  scope      = azurerm_storage_account.main["calm"].id
  lock_level = "CanNotDelete"
}

resource "azurerm_log_analytics_workspace" "main" {
  name                = "tallystick"
  resource_group_name = azurerm_resource_group.main.name
  location            = local.location
  retention_in_days   = 365
  tags                = local.tags
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  for_each                   = toset(["calm", "open"])
  name                       = "audit"
  target_resource_id         = azurerm_key_vault.main[each.key].id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.main.id
  enabled_log { category = "AuditEvent" }
}
