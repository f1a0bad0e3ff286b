locals {
  all         = jsondecode(file("${path.module}/../../environments.json"))
  environment = local.all.environments[var.environment]
  here        = local.environment.clouds.aws
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
  residency       = local.all.residency[local.environment.residency].aws
}

module "keys" {
  source = "../../modules/keys/aws"

  naming   = module.naming.naming
  settings = local.environment.keys
  recovery = local.recovers
}

module "objects" {
  source = "../../modules/objects/aws"

  naming           = module.naming.naming
  settings         = local.environment.objects
  key_arn          = module.keys.arns.record
  recovery_key_arn = lookup(module.keys.recovery_arns, "record", null)
  boundary_arn     = module.access.boundary_arn
}

module "logs" {
  source = "../../modules/logs/aws"

  naming        = module.naming.naming
  settings      = local.environment.logs
  contact       = local.all.contact
  key_arn       = module.keys.arns.logs
  access_bucket = module.objects.access_bucket
  bucket_arns   = module.objects.bucket_arns
  boundary_arn  = module.access.boundary_arn
  recovery      = local.recovers
}

module "network" {
  source = "../../modules/network/aws"

  naming      = module.naming.naming
  settings    = local.environment.network
  zones       = local.here.zones
  cidr        = local.here.cidr
  endpoints   = local.here.endpoints
  archive_arn = module.logs.archive_arn
}

module "recovery_network" {
  source = "../../modules/network/aws"
  count  = local.recovers ? 1 : 0

  naming      = module.naming.naming
  settings    = local.environment.network
  zones       = local.here.recovery_zones
  cidr        = local.here.recovery_cidr
  archive_arn = module.logs.archive_arn
  recovery    = true
}

module "database" {
  source = "../../modules/database/aws"

  naming                     = module.naming.naming
  settings                   = local.database
  size                       = local.here.database_size
  subnet_ids                 = module.network.subnet_ids.data
  security_group_id          = module.network.security_group_ids.data
  key_arn                    = module.keys.arns.data
  logs_key_arn               = module.keys.arns.logs
  log_days                   = local.environment.logs.hot_days
  recovery_subnet_ids        = try(module.recovery_network[0].subnet_ids.data, [])
  recovery_security_group_id = try(module.recovery_network[0].security_group_ids.data, null)
  recovery_key_arn           = lookup(module.keys.recovery_arns, "data", null)
  recovery_logs_key_arn      = lookup(module.keys.recovery_arns, "logs", null)
  boundary_arn               = module.access.boundary_arn
}

module "access" {
  source = "../../modules/access/aws"

  naming   = module.naming.naming
  issuer   = local.all.issuer
  audience = local.all.audience
}

module "secrets" {
  source = "../../modules/secrets/aws"

  naming           = module.naming.naming
  settings         = local.environment.secrets
  names            = local.here.secrets
  key_arn          = module.keys.arns.secrets
  recovery_key_arn = local.environment.secrets.replica ? lookup(module.keys.recovery_arns, "secrets", null) : null
  topic_arn        = module.logs.topic_arn
}

module "kubernetes" {
  source = "../../modules/kubernetes/aws"

  naming            = module.naming.naming
  settings          = local.environment.kubernetes
  size              = local.here.node_size
  subnet_ids        = module.network.subnet_ids.services
  security_group_id = module.network.security_group_ids.services
  key_arn           = module.keys.arns.data
  secrets_key_arn   = module.keys.arns.secrets
  logs_key_arn      = module.keys.arns.logs
  log_days          = local.environment.logs.hot_days
  role_arns         = module.access.role_arns
  boundary_arn      = module.access.boundary_arn
}

module "edge" {
  source = "../../modules/edge/aws"

  naming            = module.naming.naming
  settings          = local.environment.edge
  domain            = local.here.domain
  zone              = local.here.zone
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.subnet_ids.edge
  security_group_id = module.network.security_group_ids.edge
  access_bucket     = module.objects.access_bucket
  logs_key_arn      = module.keys.arns.logs
  log_days          = local.environment.logs.hot_days
}

module "costs" {
  source = "../../modules/costs/aws"

  naming    = module.naming.naming
  settings  = merge(local.environment.costs, { currency = local.here.currency })
  contact   = local.all.contact
  topic_arn = module.logs.topic_arn
}
