# The only door: a gateway that speaks TLS 1.2 and 1.3 alone, behind a web firewall with the usual attacks known and a
# limit for each caller. It stands in every zone that services stand in.

locals {
  name = var.naming.prefix
  tags = var.naming.tags.edge
}

resource "azurerm_public_ip" "this" {
  name                    = "${local.name}-edge"
  location                = var.naming.region
  resource_group_name     = var.resource_group
  allocation_method       = "Static"
  sku                     = "Standard"
  zones                   = var.zones
  ddos_protection_mode    = "VirtualNetworkInherited"
  idle_timeout_in_minutes = 4
  tags                    = merge(local.tags, { segment = "edge" })
}

resource "azurerm_user_assigned_identity" "this" {
  name                = "${local.name}-edge"
  location            = var.naming.region
  resource_group_name = var.resource_group
  tags                = local.tags
}

resource "azurerm_key_vault_certificate" "this" {
  name         = "edge"
  key_vault_id = var.vault_id
  tags         = local.tags

  certificate_policy {
    issuer_parameters {
      name = var.certificate_issuer
    }

    key_properties {
      exportable = true
      key_type   = "EC"
      curve      = "P-256"
      key_size   = 256
      reuse_key  = false
    }

    lifetime_action {
      action {
        action_type = "AutoRenew"
      }

      trigger {
        days_before_expiry = 30
      }
    }

    secret_properties {
      content_type = "application/x-pkcs12"
    }

    x509_certificate_properties {
      subject            = "CN=${var.domain}"
      validity_in_months = 6
      key_usage          = ["digitalSignature"]
      extended_key_usage = ["1.3.6.1.5.5.7.3.1"]

      subject_alternative_names {
        dns_names = [var.domain]
      }
    }
  }
}

resource "azurerm_role_assignment" "certificate" {
  scope                = "${var.vault_id}/secrets/${azurerm_key_vault_certificate.this.name}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.this.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_web_application_firewall_policy" "this" {
  name                = local.name
  location            = var.naming.region
  resource_group_name = var.resource_group
  tags                = local.tags

  policy_settings {
    enabled                     = true
    mode                        = "Prevention"
    request_body_check          = true
    request_body_enforcement    = true
    max_request_body_size_in_kb = 2000
    file_upload_limit_in_mb     = 100
  }

  managed_rules {
    managed_rule_set {
      type    = "Microsoft_DefaultRuleSet"
      version = "2.1"
    }

    managed_rule_set {
      type    = "Microsoft_BotManagerRuleSet"
      version = "1.1"
    }
  }

  custom_rules {
    name                 = "onecaller"
    priority             = 1
    rule_type            = "RateLimitRule"
    action               = "Block"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = var.settings.requests_per_five_minutes
    group_rate_limit_by  = "ClientAddr"

    match_conditions {
      operator     = "Any"
      match_values = []

      match_variables {
        variable_name = "RequestUri"
      }
    }
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "access"
  target_resource_id         = azurerm_application_gateway.this.id
  log_analytics_workspace_id = var.workspace_id

  dynamic "enabled_log" {
    for_each = ["ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog"]

    content {
      category = enabled_log.value
    }
  }
}

resource "azurerm_management_lock" "this" {
  count = var.settings.deletion_protection ? 1 : 0

  name       = "keep"
  scope      = azurerm_application_gateway.this.id
  lock_level = "CanNotDelete"
  notes      = "Without it nobody gets in."
}
