output "naming" {
  description = "What every module names, tags and places by; `tags` are by class of data."
  value = {
    environment     = var.environment
    account         = var.account
    prefix          = "${var.service}-${var.environment}"
    brief           = "${var.service}-${local.short}"
    compact         = "${var.service}${local.short}"
    region          = var.region
    recovery_region = var.recovery_region
    tags            = { for class in local.classes : class => merge(local.rule, { data_class = class }) }
  }
}
