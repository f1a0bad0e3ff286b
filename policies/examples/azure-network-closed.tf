resource "azurerm_network_security_rule" "good" {
  name                        = "good-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_database" {
  name                        = "bad_database-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_udp" {
  name                        = "bad_udp-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_nobody" {
  name                        = "bad_nobody-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "0.0.0.0"
  destination_port_range      = "5432"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_listed" {
  name                        = "bad_listed-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefixes     = ["10.0.0.0/8", "0.0.0.0/0"]
  destination_port_ranges     = ["443", "22"]
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "other_inside" {
  name                        = "other_inside-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "10.0.0.0/8"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "other_out" {
  name                        = "other_out-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Outbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "other_refused" {
  name                        = "other_refused-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = "443"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "unknown_port" {
  name                        = "unknown_port-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "Internet"
  destination_port_range      = terraform_data.later.output
  destination_address_prefix  = "*"
}

resource "terraform_data" "later" {
  input = "443"
}

resource "azurerm_network_security_rule" "bad_halves" {
  name                        = "bad-halves-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "0.0.0.0/1"
  destination_port_range      = "22"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_cloud" {
  name                        = "bad-cloud-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "AzureCloud"
  destination_port_range      = "22"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_cloud_near" {
  name                        = "bad-cloud-near-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "AzureCloud.westeurope"
  destination_port_range      = "22"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "bad_unsaid" {
  name                        = "bad-unsaid-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "22"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "other_inside_name" {
  name                        = "other-inside-name-rule"
  resource_group_name         = "books"
  network_security_group_name = "edge"
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  source_address_prefix       = "VirtualNetwork"
  destination_port_range      = "22"
  destination_address_prefix  = "*"
}

resource "azurerm_network_security_rule" "other_group" {
  name                                  = "other-group-rule"
  resource_group_name                   = "books"
  network_security_group_name           = "edge"
  priority                              = 100
  direction                             = "Inbound"
  access                                = "Allow"
  protocol                              = "Tcp"
  source_port_range                     = "*"
  source_application_security_group_ids = ["edge"]
  destination_port_range                = "22"
  destination_address_prefix            = "*"
}
