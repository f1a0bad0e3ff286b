variable "naming" {
  description = "Names, tags and places by rule: the output of modules/naming."
  type = object({
    platform        = string
    environment     = string
    account         = string
    prefix          = string
    brief           = string
    compact         = string
    region          = string
    recovery_region = string
    tags            = map(map(string))
  })
}

variable "settings" {
  description = "The kubernetes section of the environment."
  type = object({
    version             = string
    nodes_min           = number
    nodes_max           = number
    disk_gb             = number
    deletion_protection = bool
    defender            = bool
  })

  validation {
    condition     = var.settings.nodes_min >= 1 && var.settings.nodes_max >= var.settings.nodes_min
    error_message = "There is a node at least, and never more than the most."
  }
}

variable "size" {
  description = "The cloud's name for the size of a node."
  type        = string
}

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "directory" {
  description = "The Entra directory (tenant) whose people and workloads come in."
  type        = string
}

variable "collection_endpoint" {
  description = "The endpoint, inside, where agents fetch what they are to collect."
  type        = string
}

variable "workspace_id" {
  description = "The workspace that audit logs go to."
  type        = string
}

variable "subnet_id" {
  description = "The subnet of services."
  type        = string
}

variable "tier" {
  description = "Free, or Standard where the cloud answers for the interface being there."
  type        = string

  validation {
    condition     = contains(["Free", "Standard", "Premium"], var.tier)
    error_message = "A cluster's tier is Free, Standard or Premium."
  }
}

variable "masters_subnet_id" {
  description = "The subnet of the cluster's own interface."
  type        = string
}

variable "zones" {
  description = "The availability zones that nodes stand in."
  type        = list(string)
}

variable "endpoint" {
  description = "Where the registry's private endpoint stands, and the zone of its name."
  type        = object({ subnet_id = string, dns_zone_id = string })
}

variable "key" {
  description = "The key for data, for disks and images, and the identity that may use it."
  type        = object({ key_id = string, identity_id = string, client_id = string })
}

variable "secrets_key" {
  description = "The key for secrets: the version in use, and what roles name it by."
  type        = object({ version_id = string, scope = string })
}

variable "keys_vault_id" {
  description = "The vault that the key for secrets is in."
  type        = string
}

variable "record_container_id" {
  description = "The container of the record."
  type        = string
}

variable "secrets_vault_id" {
  description = "The vault of the secrets."
  type        = string
}

variable "principal_ids" {
  description = "Who may come in: operators and break-glass."
  type        = map(string)
}
