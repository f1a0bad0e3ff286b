resource "azurerm_resource_group" "good" {
  name     = "good-group"
  location = "westeurope"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "azurerm_resource_group" "bad_service" {
  name     = "bad_service-group"
  location = "westeurope"

  tags = {
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "azurerm_resource_group" "bad_environment" {
  name     = "bad_environment-group"
  location = "westeurope"

  tags = {
    service     = "ledger"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "azurerm_resource_group" "bad_owner" {
  name     = "bad_owner-group"
  location = "westeurope"

  tags = {
    service     = "ledger"
    environment = "production"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "azurerm_resource_group" "bad_cost" {
  name     = "bad_cost-group"
  location = "westeurope"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    data_class  = "personal"
  }
}

resource "azurerm_resource_group" "bad_class" {
  name     = "bad_class-group"
  location = "westeurope"

  tags = {
    service     = "ledger"
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
  }
}

resource "azurerm_resource_group" "unknown_service" {
  name     = "unknown_service-group"
  location = "westeurope"

  tags = {
    service     = terraform_data.later.output
    environment = "production"
    owner       = "platform-team"
    cost_centre = "payments-platform"
    data_class  = "personal"
  }
}

resource "terraform_data" "later" {
  input = "ledger"
}
