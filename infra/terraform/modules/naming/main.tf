# Names, tags and places by rule, for all clouds. No provider: nothing is made here.

locals {
  short    = { development = "dev", staging = "stg", production = "prd" }[var.environment]
  services = jsondecode(file("${path.module}/services.json"))

  rule = {
    environment = var.environment
    owner       = var.owner
    cost_centre = var.cost_centre
    managed_by  = "terraform"
  }
}
