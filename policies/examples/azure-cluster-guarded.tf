resource "azurerm_kubernetes_cluster" "good" {
  name                 = "good-cluster"
  location             = "westeurope"
  resource_group_name  = "books"
  dns_prefix           = "books"
  azure_policy_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  network_profile {
    network_plugin = "azure"
    network_policy = "cilium"
  }
}

resource "azurerm_kubernetes_cluster" "bad_unjudged" {
  name                 = "bad_unjudged-cluster"
  location             = "westeurope"
  resource_group_name  = "books"
  dns_prefix           = "books"
  azure_policy_enabled = false

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  network_profile {
    network_plugin = "azure"
    network_policy = "cilium"
  }
}

resource "azurerm_kubernetes_cluster" "bad_together" {
  name                 = "bad_together-cluster"
  location             = "westeurope"
  resource_group_name  = "books"
  dns_prefix           = "books"
  azure_policy_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  network_profile {
    network_plugin = "azure"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_judged" {
  name                 = "unknown_judged-cluster"
  location             = "westeurope"
  resource_group_name  = "books"
  dns_prefix           = "books"
  azure_policy_enabled = terraform_data.later.output

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }

  network_profile {
    network_plugin = "azure"
    network_policy = "cilium"
  }
}

resource "terraform_data" "later" {
  input = true
}
