# Misconfigurations that every list of them begins with. Each resource is one case, and a control of ours must fail it.

resource "azurerm_network_security_rule" "bad_desktop_to_all" {
  name                        = "desktop"
  resource_group_name         = "shop"
  network_security_group_name = "shop"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "3389"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
}

resource "azurerm_storage_account" "bad_old_tls" {
  name                       = "payslips"
  resource_group_name        = "shop"
  location                   = "westeurope"
  account_tier               = "Standard"
  account_replication_type   = "LRS"
  https_traffic_only_enabled = false
  min_tls_version            = "TLS1_0"
}

resource "azurerm_storage_container" "bad_public_container" {
  name                  = "payslips"
  storage_account_id    = "/subscriptions/11112222-3333-4444-5555-666677778888/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/payslips"
  container_access_type = "container"
}

resource "azurerm_kubernetes_cluster" "bad_public_cluster" {
  name                = "shop"
  location            = "westeurope"
  resource_group_name = "shop"
  dns_prefix          = "shop"
  default_node_pool {
    name       = "default"
    vm_size    = "Standard_D2s_v5"
    node_count = 1
  }
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_key_vault" "bad_forgetful_vault" {
  name                     = "shop"
  location                 = "westeurope"
  resource_group_name      = "shop"
  tenant_id                = "11112222-3333-4444-5555-666677778888"
  sku_name                 = "standard"
  purge_protection_enabled = false
}

resource "azurerm_key_vault_secret" "bad_secret_for_ever" {
  name         = "password"
  value        = "not-a-secret-any-more"
  key_vault_id = "/subscriptions/11112222-3333-4444-5555-666677778888/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop"
}
