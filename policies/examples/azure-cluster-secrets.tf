resource "azurerm_kubernetes_cluster" "good" {
  name                = "good-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  key_management_service {
    key_vault_key_id         = "https://vault.vault.azure.net/keys/secrets/1"
    key_vault_network_access = "Private"
  }
}

resource "azurerm_kubernetes_cluster" "bad_plain" {
  name                = "bad-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_key" {
  name                = "unknown_key-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  key_management_service {
    key_vault_key_id         = terraform_data.later.output
    key_vault_network_access = "Private"
  }
}

resource "terraform_data" "later" {
  input = "https://vault.vault.azure.net/keys/secrets/1"
}
