# The only door: a load balancer that speaks TLS 1.2 and 1.3 alone, behind a web firewall with the usual attacks known, a
# limit for each caller and a watch for floods. Pods of the gateway register themselves in the groups of their zones.

locals {
  name  = var.naming.prefix
  group = "${local.name}-gateway"
  tags  = var.naming.tags.edge

  # Rule sets of the cloud's, at the sensitivity where false alarms are rare.
  attacks = {
    sqli-v33-stable             = 1000
    xss-v33-stable              = 1100
    lfi-v33-stable              = 1200
    rfi-v33-stable              = 1300
    rce-v33-stable              = 1400
    scannerdetection-v33-stable = 1600
    protocolattack-v33-stable   = 1700
    sessionfixation-v33-stable  = 1800
    cve-canary                  = 1900
  }
}

resource "google_compute_security_policy" "this" {
  project     = var.naming.account
  name        = local.name
  description = "The usual attacks, and a limit for each caller."
  type        = "CLOUD_ARMOR"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable          = true
      rule_visibility = var.settings.ddos == "advanced" ? "PREMIUM" : "STANDARD"
    }
  }

  advanced_options_config {
    json_parsing = "STANDARD"
    log_level    = "NORMAL"
  }

  dynamic "rule" {
    for_each = local.attacks

    content {
      action      = "deny(403)"
      priority    = rule.value
      description = rule.key

      match {
        expr {
          expression = "evaluatePreconfiguredWaf('${rule.key}', {'sensitivity': 1})"
        }
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 5000
    description = "One caller."

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      enforce_on_key = "IP"
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = var.settings.requests_per_five_minutes
        interval_sec = 300
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 2147483647
    description = "Nothing else."

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_ssl_policy" "this" {
  project         = var.naming.account
  name            = local.name
  description     = "TLS 1.2 and 1.3, strong ciphers alone."
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_managed_ssl_certificate" "this" {
  project     = var.naming.account
  name        = local.name
  description = "For ${var.domain}."
  type        = "MANAGED"

  managed {
    domains = [var.domain]
  }
}
