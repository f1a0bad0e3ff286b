locals {
  all         = jsondecode(file("${path.module}/../../environments.json"))
  environment = local.all.environments[var.environment]
  here        = local.environment.clouds.gcp
  recovers    = local.environment.database.replica || local.environment.objects.replica
  database    = merge(local.environment.database, { rpo_minutes = local.environment.rpo_minutes, rto_minutes = local.environment.rto_minutes })
}

module "naming" {
  source = "../../modules/naming"

  service         = local.all.service
  environment     = var.environment
  owner           = local.all.owner
  cost_centre     = local.all.cost_centre
  account         = local.here.account
  region          = local.here.region
  recovery_region = local.here.recovery_region
  residency       = local.all.residency[local.environment.residency].gcp
}

module "keys" {
  source = "../../modules/keys/gcp"

  naming   = module.naming.naming
  settings = local.environment.keys
  number   = local.here.number
  recovery = local.recovers
}

module "objects" {
  source = "../../modules/objects/gcp"

  naming          = module.naming.naming
  settings        = local.environment.objects
  number          = local.here.number
  key_id          = module.keys.ids.record
  recovery_key_id = lookup(module.keys.recovery_ids, "record", null)
}

module "logs" {
  source = "../../modules/logs/gcp"

  naming        = module.naming.naming
  settings      = local.environment.logs
  contact       = local.all.contact
  key_id        = module.keys.ids.logs
  access_bucket = module.objects.access_bucket
}

module "network" {
  source = "../../modules/network/gcp"

  naming        = module.naming.naming
  settings      = local.environment.network
  cidr          = local.here.cidr
  recovery_cidr = local.recovers ? local.here.recovery_cidr : null
  masters       = local.here.masters
  endpoints     = local.here.endpoints
}

module "database" {
  source = "../../modules/database/gcp"

  naming          = module.naming.naming
  settings        = local.database
  size            = local.here.database_size
  edition         = local.here.database_edition
  log_days        = local.here.database_log_days
  network_id      = module.network.network_id
  subnet_id       = module.network.subnet_ids.data
  key_id          = module.keys.ids.data
  recovery_key_id = lookup(module.keys.recovery_ids, "data", null)
}
