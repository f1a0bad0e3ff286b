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
  description = "The keys section of the environment."
  type = object({
    hsm                 = bool
    rotation_days       = number
    deletion_days       = number
    deletion_protection = bool
  })

  validation {
    condition     = var.settings.rotation_days >= 90 && var.settings.rotation_days <= 365
    error_message = "A key rotates every 90 to 365 days."
  }

  validation {
    condition     = var.settings.deletion_days >= 7 && var.settings.deletion_days <= 30
    error_message = "A key waits 7 to 30 days before it is gone."
  }
}

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "directory" {
  description = "The Entra directory (tenant) whose people and workloads come in."
  type        = string
}

variable "workspace_id" {
  description = "The workspace that audit logs go to."
  type        = string
}

variable "endpoint" {
  description = "Where the vault's private endpoint stands, and the zone of its name."
  type        = object({ subnet_id = string, dns_zone_id = string })
}

variable "recovery" {
  description = "The same in the recovery region; null where nothing is replicated."
  type = object({
    resource_group = string
    endpoint       = object({ subnet_id = string, dns_zone_id = string })
  })
  default = null
}
