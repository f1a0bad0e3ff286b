resource "azurerm_kubernetes_cluster" "good" {
  name                   = "good-cluster"
  location               = "westeurope"
  resource_group_name    = "books"
  dns_prefix             = "books"
  local_account_disabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
  }
}

resource "azurerm_kubernetes_cluster" "bad_own" {
  name                   = "bad_own-cluster"
  location               = "westeurope"
  resource_group_name    = "books"
  dns_prefix             = "books"
  local_account_disabled = false

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
  }
}

resource "azurerm_kubernetes_cluster" "bad_inside" {
  name                   = "bad_inside-cluster"
  location               = "westeurope"
  resource_group_name    = "books"
  dns_prefix             = "books"
  local_account_disabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = false
  }
}

resource "azurerm_kubernetes_cluster" "unknown_own" {
  name                   = "unknown_own-cluster"
  location               = "westeurope"
  resource_group_name    = "books"
  dns_prefix             = "books"
  local_account_disabled = terraform_data.later.output

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled = true
  }
}

resource "terraform_data" "later" {
  input = true
}
