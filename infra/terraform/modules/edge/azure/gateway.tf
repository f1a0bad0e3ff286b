# The gateway of the cluster asks for this address, inside the range of services.
locals {
  backend = cidrhost(var.services_cidr, 250)
}

resource "azurerm_application_gateway" "this" {
  name                              = local.name
  location                          = var.naming.region
  resource_group_name               = var.resource_group
  zones                             = var.zones
  enable_http2                      = true
  firewall_policy_id                = azurerm_web_application_firewall_policy.this.id
  force_firewall_policy_association = true
  tags                              = local.tags

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  autoscale_configuration {
    min_capacity = var.settings.capacity_min
    max_capacity = var.settings.capacity_max
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101S"
  }

  gateway_ip_configuration {
    name      = "edge"
    subnet_id = var.subnet_id
  }

  frontend_ip_configuration {
    name                 = "internet"
    public_ip_address_id = azurerm_public_ip.this.id
  }

  frontend_port {
    name = "https"
    port = 443
  }

  ssl_certificate {
    name                = "edge"
    key_vault_secret_id = azurerm_key_vault_certificate.this.versionless_secret_id
  }

  # Pods show a certificate of the cluster's own authority; the gateway trusts no other of ours.
  trusted_root_certificate {
    name = "cluster"
    data = var.authority
  }

  http_listener {
    name                           = "https"
    frontend_ip_configuration_name = "internet"
    frontend_port_name             = "https"
    protocol                       = "Https"
    ssl_certificate_name           = "edge"
    host_names                     = [var.domain]
  }

  backend_address_pool {
    name         = "services"
    ip_addresses = [local.backend]
  }

  backend_http_settings {
    name                           = "services"
    port                           = 8480
    protocol                       = "Https"
    cookie_based_affinity          = "Disabled"
    host_name                      = var.domain
    request_timeout                = 30
    probe_name                     = "ready"
    trusted_root_certificate_names = ["cluster"]

    connection_draining {
      enabled           = true
      drain_timeout_sec = 60
    }
  }

  probe {
    name                                      = "ready"
    protocol                                  = "Https"
    path                                      = "/healthz"
    pick_host_name_from_backend_http_settings = true
    interval                                  = 10
    timeout                                   = 5
    unhealthy_threshold                       = 3
  }

  request_routing_rule {
    name                       = "services"
    rule_type                  = "Basic"
    priority                   = 100
    http_listener_name         = "https"
    backend_address_pool_name  = "services"
    backend_http_settings_name = "services"
  }

  depends_on = [azurerm_role_assignment.certificate]
}
