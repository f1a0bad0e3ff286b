output "naming" {
  description = "What every module names, tags and places by; `tags` are by promise, and say the service of the inventory."
  value = {
    platform        = var.platform
    environment     = var.environment
    account         = var.account
    prefix          = "${var.platform}-${var.environment}"
    brief           = "${var.platform}-${local.short}"
    compact         = "${var.platform}${local.short}"
    region          = var.region
    recovery_region = var.recovery_region
    tags            = { for promise, said in local.services : promise => merge(local.rule, said) }
  }
}
