# The only door: a load balancer that speaks TLS 1.2 and 1.3 alone, behind a web firewall with the usual attacks known and
# a limit for each caller.

locals {
  tags = var.naming.tags.edge
  managed = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesCommonRuleSet          = 20
    AWSManagedRulesKnownBadInputsRuleSet  = 30
    AWSManagedRulesSQLiRuleSet            = 40
    AWSManagedRulesLinuxRuleSet           = 50
  }
}

resource "aws_acm_certificate" "this" {
  region            = var.naming.region
  domain_name       = var.domain
  validation_method = "DNS"
  key_algorithm     = "EC_prime256v1"
  tags              = local.tags

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  lifecycle {
    create_before_destroy = true
  }
}

# A listener takes no certificate before it is issued, and it is issued when this record says whose the domain is. Here is
# one domain, so one record.
resource "aws_route53_record" "proof" {
  zone_id         = var.zone
  name            = one(aws_acm_certificate.this.domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this.domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this.domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  region                  = var.naming.region
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

resource "aws_lb" "this" {
  region                     = var.naming.region
  name                       = var.naming.prefix
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  enable_deletion_protection = var.settings.deletion_protection
  enable_waf_fail_open       = false
  tags                       = local.tags

  access_logs {
    enabled = true
    bucket  = var.access_bucket
    prefix  = "edge"
  }

  connection_logs {
    enabled = true
    bucket  = var.access_bucket
    prefix  = "edge-connections"
  }
}

resource "aws_lb_target_group" "this" {
  region           = var.naming.region
  name             = var.naming.prefix
  vpc_id           = var.vpc_id
  target_type      = "ip"
  port             = 8480
  protocol         = "HTTPS"
  protocol_version = "HTTP1"
  tags             = local.tags

  health_check {
    enabled  = true
    protocol = "HTTPS"
    path     = "/healthz"
    matcher  = "200"
  }
}

resource "aws_lb_listener" "this" {
  region            = var.naming.region
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = aws_acm_certificate_validation.this.certificate_arn
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_wafv2_web_acl" "this" {
  region      = var.naming.region
  name        = var.naming.prefix
  description = "The usual attacks, and a limit for each caller."
  scope       = "REGIONAL"
  tags        = local.tags

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.managed

    content {
      name     = rule.key
      priority = rule.value

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }
    }
  }

  rule {
    name     = "one-caller"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        limit                 = var.settings.requests_per_five_minutes
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "one-caller"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.naming.prefix
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  region       = var.naming.region
  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}

resource "aws_cloudwatch_log_group" "wall" {
  region            = var.naming.region
  name              = "aws-waf-logs-${var.naming.prefix}"
  kms_key_id        = var.logs_key_arn
  retention_in_days = var.log_days
  tags              = local.tags
}

# What the firewall saw, without what callers sign in with.
resource "aws_wafv2_web_acl_logging_configuration" "this" {
  region                  = var.naming.region
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.wall.arn]

  dynamic "redacted_fields" {
    for_each = ["authorization", "cookie"]

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }
}

# Shield Advanced is a contract for a year, about 3000 USD a month for all accounts of one payer together, and nothing here
# ends it before: `ddos` is "advanced" where somebody chose to pay that, and "standard" elsewhere.
resource "aws_shield_subscription" "this" {
  count = var.settings.ddos == "advanced" ? 1 : 0

  auto_renew   = "ENABLED"
  skip_destroy = true
}

resource "aws_shield_protection" "this" {
  count = var.settings.ddos == "advanced" ? 1 : 0

  name         = var.naming.prefix
  resource_arn = aws_lb.this.arn
  tags         = local.tags

  depends_on = [aws_shield_subscription.this]
}
