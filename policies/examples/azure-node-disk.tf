resource "azurerm_kubernetes_cluster" "good" {
  name                = "good-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3

    host_encryption_enabled = true
    node_public_ip_enabled  = false
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_plain" {
  name                = "bad_plain-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3

    host_encryption_enabled = false
    node_public_ip_enabled  = false
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_public" {
  name                = "bad_public-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3

    host_encryption_enabled = true
    node_public_ip_enabled  = true
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_disk" {
  name                = "unknown_disk-cluster"
  location            = "westeurope"
  resource_group_name = "books"
  dns_prefix          = "books"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3

    host_encryption_enabled = terraform_data.later.output
    node_public_ip_enabled  = false
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "bad_pool" {
  name                  = "more"
  kubernetes_cluster_id = "cluster"
  vm_size               = "Standard_D2s_v5"
}

resource "terraform_data" "later" {
  input = true
}
