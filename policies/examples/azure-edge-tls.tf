resource "azurerm_application_gateway" "good" {
  name                = "good-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Https"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "azurerm_application_gateway" "good_custom" {
  name                = "good_custom-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type          = "Custom"
    min_protocol_version = "TLSv1_2"
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Https"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "azurerm_application_gateway" "bad_old" {
  name                = "bad_old-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20150501"
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Https"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "azurerm_application_gateway" "unknown_policy" {
  name                = "unknown_policy-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = terraform_data.later.output
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Https"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "terraform_data" "later" {
  input = "AppGwSslPolicy20220101S"
}

resource "azurerm_application_gateway" "bad_ciphers" {
  name                = "bad-ciphers-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type          = "Custom"
    min_protocol_version = "TLSv1_2"
    cipher_suites        = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Https"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "azurerm_application_gateway" "bad_plain" {
  name                = "bad-plain-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Http"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"
  }
}

resource "azurerm_application_gateway" "good_sent" {
  name                = "good-sent-gateway"
  location            = "westeurope"
  resource_group_name = "books"
  firewall_policy_id  = "wall"

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  backend_address_pool {
    name = "edge"
  }

  backend_http_settings {
    name                  = "edge"
    cookie_based_affinity = "Disabled"
    port                  = 8480
    protocol              = "Https"
  }

  frontend_ip_configuration {
    name = "edge"
  }

  frontend_port {
    name = "edge"
    port = 443
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = "edge"
  }

  http_listener {
    name                           = "edge"
    frontend_ip_configuration_name = "edge"
    frontend_port_name             = "edge"
    protocol                       = "Http"
  }

  request_routing_rule {
    name               = "edge"
    http_listener_name = "edge"
    rule_type          = "Basic"

    redirect_configuration_name = "to-tls"
  }
}
