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
  description = "The secrets section of the environment."
  type = object({
    rotation_days       = number
    replica             = bool
    deletion_days       = number
    deletion_protection = bool
  })

  validation {
    condition     = var.settings.rotation_days >= 1 && var.settings.rotation_days <= 90
    error_message = "A secret is changed every 90 days at least."
  }

  validation {
    condition     = var.settings.deletion_days >= 7 && var.settings.deletion_days <= 30
    error_message = "A deleted secret can be brought back for 7 to 30 days."
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

variable "queue_storage_id" {
  description = "The storage account whose queue tells that secrets are due."
  type        = string
}
