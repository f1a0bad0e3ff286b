locals {
  all         = jsondecode(file("${path.module}/../../environments.json"))
  environment = local.all.environments[var.environment]
  here        = local.environment.clouds.azure
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
  residency       = local.all.residency[local.environment.residency].azure
}

locals {
  # What modules need of the recovery region; null where nothing is replicated.
  endpoint = { subnet_id = module.network.subnet_ids.keys, dns_zone_id = module.network.dns_zone_ids.objects }
  recovery = local.recovers ? {
    resource_group = azurerm_resource_group.recovery[0].name
    subnet_ids     = module.recovery_network[0].subnet_ids
    dns_zone_ids   = module.recovery_network[0].dns_zone_ids
  } : null
}

resource "azurerm_resource_group" "this" {
  name     = module.naming.naming.prefix
  location = module.naming.naming.region
  tags     = module.naming.naming.tags.network
}

resource "azurerm_resource_group" "recovery" {
  count = local.recovers ? 1 : 0

  name     = "${module.naming.naming.prefix}-recovery"
  location = module.naming.naming.recovery_region
  tags     = module.naming.naming.tags.network
}

module "keys" {
  source = "../../modules/keys/azure"

  naming         = module.naming.naming
  settings       = local.environment.keys
  resource_group = azurerm_resource_group.this.name
  directory      = local.here.directory
  workspace_id   = module.logs.workspace.id
  endpoint       = { subnet_id = module.network.subnet_ids.keys, dns_zone_id = module.network.dns_zone_ids.vaults }
  recovery = local.recovers ? {
    resource_group = local.recovery.resource_group
    endpoint       = { subnet_id = local.recovery.subnet_ids.keys, dns_zone_id = local.recovery.dns_zone_ids.vaults }
  } : null
}

module "objects" {
  source = "../../modules/objects/azure"

  naming         = module.naming.naming
  settings       = local.environment.objects
  resource_group = azurerm_resource_group.this.name
  workspace_id   = module.logs.workspace.id
  key            = module.keys.keys.record
  endpoint       = local.endpoint
  recovery = local.environment.objects.replica ? {
    resource_group = local.recovery.resource_group
    key            = module.keys.recovery_keys.record
    endpoint       = { subnet_id = local.recovery.subnet_ids.keys, dns_zone_id = local.recovery.dns_zone_ids.objects }
  } : null
}

module "logs" {
  source = "../../modules/logs/azure"

  naming         = module.naming.naming
  settings       = local.environment.logs
  contact        = local.all.contact
  resource_group = azurerm_resource_group.this.name
  key            = module.keys.keys.logs
  endpoint       = local.endpoint
  monitor_zone_ids = [
    for purpose in ["monitor", "workspaces", "ingestion", "agents"] : module.network.dns_zone_ids[purpose]
  ]
  recovery = local.recovers ? {
    resource_group = local.recovery.resource_group
    key            = module.keys.recovery_keys.logs
    endpoint       = { subnet_id = local.recovery.subnet_ids.keys, dns_zone_id = local.recovery.dns_zone_ids.objects }
  } : null
}

module "network" {
  source = "../../modules/network/azure"

  naming          = module.naming.naming
  settings        = local.environment.network
  resource_group  = azurerm_resource_group.this.name
  zones           = local.here.zones
  cidr            = local.here.cidr
  ddos            = local.environment.edge.ddos
  flow_storage_id = module.logs.flow_storage_id
  workspace       = module.logs.workspace
  peer = local.environment.database.replica ? {
    network_id = module.recovery_network[0].network_id
    ranges     = module.recovery_network[0].ranges
  } : null
}

module "recovery_network" {
  source = "../../modules/network/azure"
  count  = local.recovers ? 1 : 0

  naming          = module.naming.naming
  settings        = local.environment.network
  resource_group  = azurerm_resource_group.recovery[0].name
  zones           = local.here.zones
  cidr            = local.here.recovery_cidr
  ddos            = local.environment.edge.ddos
  ddos_plan_id    = module.network.ddos_plan_id
  flow_storage_id = module.logs.recovery_flow_storage_id
  workspace       = module.logs.workspace
  recovery        = true
  peer = local.environment.database.replica ? {
    network_id = module.network.network_id
    ranges     = module.network.ranges
  } : null
}

module "database" {
  source = "../../modules/database/azure"

  naming         = module.naming.naming
  settings       = local.database
  size           = local.here.database_size
  resource_group = azurerm_resource_group.this.name
  directory      = local.here.directory
  administrators = local.here.administrators
  workspace_id   = module.logs.workspace.id
  key            = module.keys.keys.data
  network        = { subnet_id = module.network.subnet_ids.data, dns_zone_id = module.network.dns_zone_ids.database }
  recovery = local.environment.database.replica ? {
    resource_group = local.recovery.resource_group
    key            = module.keys.recovery_keys.data
    network        = { subnet_id = local.recovery.subnet_ids.data, dns_zone_id = local.recovery.dns_zone_ids.database }
  } : null
}

module "access" {
  source = "../../modules/access/azure"

  naming   = module.naming.naming
  issuer   = local.all.issuer
  audience = local.all.audience
  resource_group_ids = merge({ here = azurerm_resource_group.this.id },
  { for group in azurerm_resource_group.recovery : "recovery" => group.id })
}

module "secrets" {
  source = "../../modules/secrets/azure"

  naming           = module.naming.naming
  settings         = local.environment.secrets
  resource_group   = azurerm_resource_group.this.name
  directory        = local.here.directory
  workspace_id     = module.logs.workspace.id
  endpoint         = { subnet_id = module.network.subnet_ids.keys, dns_zone_id = module.network.dns_zone_ids.vaults }
  queue_storage_id = module.logs.archive_storage_id
}

module "kubernetes" {
  source = "../../modules/kubernetes/azure"

  naming              = module.naming.naming
  settings            = local.environment.kubernetes
  collection_endpoint = module.logs.collection_endpoint_id
  size                = local.here.node_size
  tier                = local.here.cluster_tier
  resource_group      = azurerm_resource_group.this.name
  directory           = local.here.directory
  workspace_id        = module.logs.workspace.id
  subnet_id           = module.network.subnet_ids.services
  masters_subnet_id   = module.network.subnet_ids.masters
  zones               = slice(local.here.zones, 0, local.environment.network.zones)
  endpoint            = { subnet_id = module.network.subnet_ids.keys, dns_zone_id = module.network.dns_zone_ids.images }
  key                 = module.keys.keys.data
  secrets_key         = module.keys.keys.secrets
  keys_vault_id       = module.keys.vault_id
  record_container_id = module.objects.container_ids.record
  secrets_vault_id    = module.secrets.vault_id
  principal_ids       = module.access.principal_ids
}

module "edge" {
  source = "../../modules/edge/azure"

  naming             = module.naming.naming
  settings           = local.environment.edge
  domain             = local.here.domain
  resource_group     = azurerm_resource_group.this.name
  workspace_id       = module.logs.workspace.id
  zones              = slice(local.here.zones, 0, local.environment.network.zones)
  subnet_id          = module.network.subnet_ids.edge
  services_cidr      = module.network.ranges.services
  vault_id           = module.secrets.vault_id
  certificate_issuer = local.here.certificate_issuer
  authority          = local.here.authority
}

module "costs" {
  source = "../../modules/costs/azure"

  naming          = module.naming.naming
  settings        = local.environment.costs
  contact         = local.all.contact
  action_group_id = module.logs.action_group_id
}
