resource "azurerm_kubernetes_cluster" "good" {
  name                      = "good-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "good_default" {
  name                      = "good_default-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  automatic_upgrade_channel = "patch"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_by_hand" {
  name                    = "bad_by_hand-cluster"
  location                = "westeurope"
  resource_group_name     = "books"
  dns_prefix              = "books"
  node_os_upgrade_channel = "NodeImage"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "bad_rapid" {
  name                      = "bad_rapid-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  automatic_upgrade_channel = "rapid"
  node_os_upgrade_channel   = "NodeImage"

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
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "None"

  default_node_pool {
    name       = "system"
    vm_size    = "Standard_D2s_v5"
    node_count = 3
  }

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_kubernetes_cluster" "unknown_channel" {
  name                      = "unknown_channel-cluster"
  location                  = "westeurope"
  resource_group_name       = "books"
  dns_prefix                = "books"
  automatic_upgrade_channel = terraform_data.later.output
  node_os_upgrade_channel   = "NodeImage"

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
  input = "patch"
}
