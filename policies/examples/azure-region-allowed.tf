resource "azurerm_resource_group" "good" {
  name     = "good-group"
  location = "westeurope"
}

resource "azurerm_resource_group" "good_spelled" {
  name     = "good_spelled-group"
  location = "West Europe"
}

resource "azurerm_resource_group" "bad_far" {
  name     = "bad_far-group"
  location = "eastus"
}

resource "azurerm_resource_group" "unknown_place" {
  name     = "unknown_place-group"
  location = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = "westeurope"
}
