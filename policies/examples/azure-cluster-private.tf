resource "azurerm_kubernetes_cluster" "good" {
  name                    = "good-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  private_cluster_enabled = true
  run_command_enabled     = false

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_public" {
  name                    = "bad_public-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  private_cluster_enabled = false
  run_command_enabled     = false

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_around" {
  name                    = "bad_around-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  private_cluster_enabled = true
  run_command_enabled     = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_default" {
  name                    = "bad_default-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  private_cluster_enabled = true

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_private" {
  name                    = "unknown_private-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  private_cluster_enabled = terraform_data.later.output
  run_command_enabled     = false

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
