resource "aws_lb" "good" {
  name                       = "good-edge"
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"

  access_logs {
    bucket  = "logs-of-access"
    enabled = true
  }
}

resource "aws_lb" "bad_headers" {
  name                       = "bad_headers-edge"
  drop_invalid_header_fields = false
  desync_mitigation_mode     = "strictest"

  access_logs {
    bucket  = "logs-of-access"
    enabled = true
  }
}

resource "aws_lb" "bad_silent" {
  name                       = "bad_silent-edge"
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"

  access_logs {
    bucket  = "logs-of-access"
    enabled = false
  }
}

resource "aws_lb" "bad_smuggled" {
  name                       = "bad_smuggled-edge"
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "monitor"

  access_logs {
    bucket  = "logs-of-access"
    enabled = true
  }
}

resource "aws_lb" "unknown_headers" {
  name                       = "unknown_headers-edge"
  drop_invalid_header_fields = terraform_data.later.output
  desync_mitigation_mode     = "strictest"

  access_logs {
    bucket  = "logs-of-access"
    enabled = true
  }
}

resource "aws_lb" "other_network" {
  name               = "other-network-edge"
  load_balancer_type = "network"
}

resource "terraform_data" "later" {
  input = true
}
