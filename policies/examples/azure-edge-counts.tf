resource "azurerm_web_application_firewall_policy" "good" {
  name                = "good-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "bad_watching" {
  name                = "bad_watching-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Detection"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "bad_off" {
  name                = "bad_off-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = false
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "bad_endless" {
  name                = "bad_endless-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "MatchRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "unknown_mode" {
  name                = "unknown_mode-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = terraform_data.later.output
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "terraform_data" "later" {
  input = "Prevention"
}

resource "azurerm_web_application_firewall_policy" "bad_logging" {
  name                = "bad-logging-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Log"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "bad_boundless" {
  name                = "bad-boundless-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 99999999

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}

resource "azurerm_web_application_firewall_policy" "bad_disabled" {
  name                = "bad-disabled-wall"
  location            = "westeurope"
  resource_group_name = "books"

  policy_settings {
    enabled = true
    mode    = "Prevention"
  }

  managed_rules {
    managed_rule_set {
      version = "2.1"
    }
  }

  custom_rules {
    name                 = "limit"
    action               = "Block"
    enabled              = false
    priority             = 1
    rule_type            = "RateLimitRule"
    rate_limit_duration  = "FiveMins"
    rate_limit_threshold = 2000

    match_conditions {
      operator = "Any"

      match_variables {
        variable_name = "RemoteAddr"
      }
    }
  }
}
