resource "azurerm_virtual_network" "good" {
  name                = "good-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_network_watcher_flow_log" "good" {
  name                 = "good-flows"
  network_watcher_name = "watcher"
  resource_group_name  = "books"
  target_resource_id   = azurerm_virtual_network.good.id
  storage_account_id   = "account"
  enabled              = true

  retention_policy {
    enabled = true
    days    = 365
  }
}

resource "azurerm_virtual_network" "bad_off" {
  name                = "bad_off-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_network_watcher_flow_log" "bad_off" {
  name                 = "bad_off-flows"
  network_watcher_name = "watcher"
  resource_group_name  = "books"
  target_resource_id   = azurerm_virtual_network.bad_off.id
  storage_account_id   = "account"
  enabled              = false

  retention_policy {
    enabled = true
    days    = 365
  }
}

resource "azurerm_virtual_network" "bad_short" {
  name                = "bad_short-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_network_watcher_flow_log" "bad_short" {
  name                 = "bad_short-flows"
  network_watcher_name = "watcher"
  resource_group_name  = "books"
  target_resource_id   = azurerm_virtual_network.bad_short.id
  storage_account_id   = "account"
  enabled              = true

  retention_policy {
    enabled = true
    days    = 7
  }
}

resource "azurerm_virtual_network" "bad_bare" {
  name                = "bad-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_virtual_network" "unknown_days" {
  name                = "unknown_days-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_network_watcher_flow_log" "unknown_days" {
  name                 = "unknown_days-flows"
  network_watcher_name = "watcher"
  resource_group_name  = "books"
  target_resource_id   = azurerm_virtual_network.unknown_days.id
  storage_account_id   = "account"
  enabled              = true

  retention_policy {
    enabled = true
    days    = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = 365
}

resource "azurerm_virtual_network" "bad_unkept" {
  name                = "bad-unkept-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_network_watcher_flow_log" "bad_unkept" {
  name                 = "bad-unkept-flows"
  network_watcher_name = "watcher"
  resource_group_name  = "books"
  target_resource_id   = azurerm_virtual_network.bad_unkept.id
  storage_account_id   = "account"
  enabled              = true

  retention_policy {
    enabled = false
    days    = 365
  }
}
