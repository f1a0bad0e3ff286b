resource "azurerm_kubernetes_cluster" "good" {
  name                      = "good-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_nobody" {
  name                      = "bad_nobody-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  oidc_issuer_enabled       = false
  workload_identity_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_nodes" {
  name                      = "bad_nodes-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  oidc_issuer_enabled       = true
  workload_identity_enabled = false

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_issuer" {
  name                      = "unknown_issuer-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  oidc_issuer_enabled       = terraform_data.later.output
  workload_identity_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "terraform_data" "later" {
  input = true
}
