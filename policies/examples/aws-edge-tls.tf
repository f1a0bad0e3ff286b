resource "aws_lb_listener" "good" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "bad_plain" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = "HTTP"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "bad_old" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-2016-08"

  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "unknown_protocol" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = terraform_data.later.output
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "other_sends_on" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "terraform_data" "later" {
  input = "HTTPS"
}

resource "aws_lb_listener" "good_newer" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09"

  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "bad_extended" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:loadbalancer/app/edge/1"
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06"

  default_action {
    type = "forward"
  }
}
