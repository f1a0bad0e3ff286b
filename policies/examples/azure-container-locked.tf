resource "azurerm_storage_container_immutability_policy" "good" {
  storage_container_resource_manager_id = "container"
  immutability_period_in_days           = 3653
  locked                                = true
}

resource "azurerm_storage_container_immutability_policy" "bad_liftable" {
  storage_container_resource_manager_id = "container"
  immutability_period_in_days           = 3653
  locked                                = false
}

resource "azurerm_storage_container_immutability_policy" "bad_short" {
  storage_container_resource_manager_id = "container"
  immutability_period_in_days           = 1
  locked                                = true
}

resource "azurerm_storage_container_immutability_policy" "unknown_lock" {
  storage_container_resource_manager_id = "container"
  immutability_period_in_days           = 3653
  locked                                = terraform_data.later.output
}

resource "terraform_data" "later" {
  input = true
}
