resource "azurerm_subnet" "good" {
  name                            = "data"
  resource_group_name             = "books"
  virtual_network_name            = "books"
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet_network_security_group_association" "good" {
  subnet_id                 = azurerm_subnet.good.id
  network_security_group_id = "group"
}

resource "azurerm_subnet" "bad_out" {
  name                            = "data"
  resource_group_name             = "books"
  virtual_network_name            = "books"
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = true
}

resource "azurerm_subnet_network_security_group_association" "bad_out" {
  subnet_id                 = azurerm_subnet.bad_out.id
  network_security_group_id = "group"
}

resource "azurerm_subnet" "bad_default" {
  name                 = "data"
  resource_group_name  = "books"
  virtual_network_name = "books"
  address_prefixes     = ["10.0.1.0/24"]
}

resource "azurerm_subnet_network_security_group_association" "bad_default" {
  subnet_id                 = azurerm_subnet.bad_default.id
  network_security_group_id = "group"
}

resource "azurerm_subnet" "bad_bare" {
  name                            = "data"
  resource_group_name             = "books"
  virtual_network_name            = "books"
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "other_bastion" {
  name                            = "AzureBastionSubnet"
  resource_group_name             = "books"
  virtual_network_name            = "books"
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "unknown_out" {
  name                            = "data"
  resource_group_name             = "books"
  virtual_network_name            = "books"
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = terraform_data.later.output
}

resource "azurerm_subnet_network_security_group_association" "unknown_out" {
  subnet_id                 = azurerm_subnet.unknown_out.id
  network_security_group_id = "group"
}

resource "terraform_data" "later" {
  input = false
}
