resource "azurerm_network_security_group" "good" {
  name                = "good-group"
  location            = "westeurope"
  resource_group_name = "books"

  security_rule = [{
    name                                       = "https", description = "", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp"
    source_port_range                          = "*", source_port_ranges = [], source_address_prefix = "Internet", source_address_prefixes = []
    destination_port_range                     = "443", destination_port_ranges = [], destination_address_prefix = "*"
    destination_address_prefixes               = [], source_application_security_group_ids = []
    destination_application_security_group_ids = []
  }]
}

resource "azurerm_network_security_group" "bad_database" {
  name                = "bad_database-group"
  location            = "westeurope"
  resource_group_name = "books"

  security_rule = [{
    name                                       = "https", description = "", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp"
    source_port_range                          = "*", source_port_ranges = [], source_address_prefix = "Internet", source_address_prefixes = []
    destination_port_range                     = "5432", destination_port_ranges = [], destination_address_prefix = "*"
    destination_address_prefixes               = [], source_application_security_group_ids = []
    destination_application_security_group_ids = []
  }]
}

resource "azurerm_network_security_group" "bad_all" {
  name                = "bad_all-group"
  location            = "westeurope"
  resource_group_name = "books"

  security_rule = [{
    name                                       = "https", description = "", priority = 100, direction = "Inbound", access = "Allow", protocol = "*"
    source_port_range                          = "*", source_port_ranges = [], source_address_prefix = "Internet", source_address_prefixes = []
    destination_port_range                     = "443", destination_port_ranges = [], destination_address_prefix = "*"
    destination_address_prefixes               = [], source_application_security_group_ids = []
    destination_application_security_group_ids = []
  }]
}

resource "azurerm_network_security_group" "unknown_port" {
  name                = "unknown_port-group"
  location            = "westeurope"
  resource_group_name = "books"

  security_rule = [{
    name                                       = "https", description = "", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp"
    source_port_range                          = "*", source_port_ranges = [], source_address_prefix = "Internet", source_address_prefixes = []
    destination_port_range                     = terraform_data.later.output, destination_port_ranges = [], destination_address_prefix = "*"
    destination_address_prefixes               = [], source_application_security_group_ids = []
    destination_application_security_group_ids = []
  }]
}

resource "terraform_data" "later" {
  input = "443"
}
