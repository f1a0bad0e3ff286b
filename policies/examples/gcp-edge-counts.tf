resource "google_compute_security_policy" "good" {
  name = "good-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  rule {
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000
        interval_sec = 300
      }
    }
  }
}

resource "google_compute_security_policy" "bad_endless" {
  name = "bad_endless-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  rule {
    action   = "allow"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000
        interval_sec = 300
      }
    }
  }
}

resource "google_compute_security_policy" "bad_floods" {
  name = "bad_floods-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = false
    }
  }

  rule {
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000
        interval_sec = 300
      }
    }
  }
}

resource "google_compute_security_policy" "unknown_floods" {
  name = "unknown_floods-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = terraform_data.later.output
    }
  }

  rule {
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000
        interval_sec = 300
      }
    }
  }
}

resource "terraform_data" "later" {
  input = true
}

resource "google_compute_security_policy" "bad_previewed" {
  name = "bad-previewed-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  rule {
    preview  = true
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000
        interval_sec = 300
      }
    }
  }
}

resource "google_compute_security_policy" "bad_boundless" {
  name = "bad-boundless-wall"

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable = true
    }
  }

  rule {
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = 2000000000
        interval_sec = 300
      }
    }
  }
}
