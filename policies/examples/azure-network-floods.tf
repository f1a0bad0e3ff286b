resource "azurerm_virtual_network" "good" {
  name                = "good-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]

  ddos_protection_plan {
    id     = "plan"
    enable = true
  }
}

resource "azurerm_virtual_network" "bad_off" {
  name                = "bad_off-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]

  ddos_protection_plan {
    id     = "plan"
    enable = false
  }
}

resource "azurerm_virtual_network" "bad_bare" {
  name                = "bad-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_virtual_network" "unknown_plan" {
  name                = "unknown_plan-network"
  location            = "westeurope"
  resource_group_name = "books"
  address_space       = ["10.0.0.0/16"]

  ddos_protection_plan {
    id     = "plan"
    enable = terraform_data.later.output
  }
}

resource "terraform_data" "later" {
  input = true
}
