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
}

resource "azurerm_monitor_diagnostic_setting" "good" {
  name                       = "good-logs"
  target_resource_id         = azurerm_kubernetes_cluster.good.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "kube-audit-admin"
  }
}

resource "azurerm_kubernetes_cluster" "good_group" {
  name                = "good_group-cluster"
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

resource "azurerm_monitor_diagnostic_setting" "good_group" {
  name                       = "good_group-logs"
  target_resource_id         = azurerm_kubernetes_cluster.good_group.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category_group = "allLogs"
  }
}

resource "azurerm_kubernetes_cluster" "bad_other" {
  name                = "bad_other-cluster"
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

resource "azurerm_monitor_diagnostic_setting" "bad_other" {
  name                       = "bad_other-logs"
  target_resource_id         = azurerm_kubernetes_cluster.bad_other.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = "kube-scheduler"
  }
}

resource "azurerm_kubernetes_cluster" "bad_none" {
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

resource "azurerm_kubernetes_cluster" "unknown_category" {
  name                = "unknown_category-cluster"
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

resource "azurerm_monitor_diagnostic_setting" "unknown_category" {
  name                       = "unknown_category-logs"
  target_resource_id         = azurerm_kubernetes_cluster.unknown_category.id
  log_analytics_workspace_id = "workspace"

  enabled_log {
    category = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = "kube-audit"
}
