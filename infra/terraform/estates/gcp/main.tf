locals {
  all         = jsondecode(file("${path.module}/../../environments.json"))
  environment = local.all.environments[var.environment]
  here        = local.environment.clouds.gcp
  recovers    = local.environment.database.replica || local.environment.objects.replica
  database    = merge(local.environment.database, { rpo_minutes = local.environment.rpo_minutes, rto_minutes = local.environment.rto_minutes })
}

module "naming" {
  source = "../../modules/naming"

  platform        = local.all.platform
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

  naming             = module.naming.naming
  settings           = local.database
  size               = local.here.database_size
  edition            = local.here.database_edition
  log_days           = local.here.database_log_days
  network_id         = module.network.network_id
  subnet_id          = module.network.subnet_ids.data
  recovery_subnet_id = lookup(module.network.subnet_ids, "recovery", null)
  key_id             = module.keys.ids.data
  recovery_key_id    = lookup(module.keys.recovery_ids, "data", null)
}

module "access" {
  source = "../../modules/access/gcp"

  naming   = module.naming.naming
  copies   = local.environment.objects.replica
  number   = local.here.number
  issuer   = local.all.issuer
  audience = local.all.audience
}

module "secrets" {
  source = "../../modules/secrets/gcp"

  naming          = module.naming.naming
  settings        = local.environment.secrets
  names           = local.here.secrets
  number          = local.here.number
  key_id          = module.keys.ids.secrets
  recovery_key_id = local.environment.secrets.replica ? lookup(module.keys.recovery_ids, "secrets", null) : null
  logs_key_id     = module.keys.ids.logs
}

module "kubernetes" {
  source = "../../modules/kubernetes/gcp"

  naming         = module.naming.naming
  settings       = local.environment.kubernetes
  number         = local.here.number
  size           = local.here.node_size
  zones          = slice(local.here.zones, 0, local.environment.network.zones)
  masters        = local.here.masters
  network_id     = module.network.network_id
  subnet_id      = module.network.subnet_ids.services
  services_cidr  = module.network.services_cidr
  key_id         = module.keys.ids.data
  secrets_key_id = module.keys.ids.secrets
  record_bucket  = module.objects.bucket_names.record
  nodes          = module.access.nodes
}

module "edge" {
  source = "../../modules/edge/gcp"

  naming     = module.naming.naming
  settings   = local.environment.edge
  domain     = local.here.domain
  zones      = slice(local.here.zones, 0, local.environment.network.zones)
  network_id = module.network.network_id
  subnet_id  = module.network.subnet_ids.services
}

module "costs" {
  source = "../../modules/costs/gcp"

  naming          = module.naming.naming
  settings        = merge(local.environment.costs, { currency = local.here.currency })
  number          = local.here.number
  billing_account = local.here.billing_account
  channel_id      = module.logs.channel_id
}
