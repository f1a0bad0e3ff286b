# Names, tags and places by rule, for all clouds. No provider: nothing is made here.

locals {
  short   = { development = "dev", staging = "stg", production = "prd" }[var.environment]
  classes = ["public", "internal", "confidential", "personal", "secret"]

  rule = {
    service     = var.service
    environment = var.environment
    owner       = var.owner
    cost_centre = var.cost_centre
    managed_by  = "terraform"
  }
}
