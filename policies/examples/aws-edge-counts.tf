resource "aws_wafv2_web_acl" "good" {
  name  = "good-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "usual"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "usual"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "limit"
    priority = 2

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 2000
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "bad_unlisted" {
  name  = "bad_unlisted-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "limit"
    priority = 2

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 2000
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "bad_endless" {
  name  = "bad_endless-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "usual"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "usual"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "bad_counted" {
  name  = "bad-counted-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "usual"
    priority = 1

    override_action {
      count {}
    }

    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "usual"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "limit"
    priority = 2

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 2000
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "bad_watched" {
  name  = "bad-watched-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "usual"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "usual"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "limit"
    priority = 2

    action {
      count {}
    }

    statement {
      rate_based_statement {
        limit = 2000
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl" "bad_boundless" {
  name  = "bad-boundless-wall"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "usual"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        name        = "AWSManagedRulesCommonRuleSet"
        vendor_name = "AWS"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "usual"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "limit"
    priority = 2

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit = 2000000000
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "wall"
    sampled_requests_enabled   = true
  }
}
