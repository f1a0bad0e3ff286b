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
  description = "The objects section of the environment."
  type = object({
    lock            = string
    record_days     = number
    backup_days     = number
    replica         = bool
    access_log_days = number
  })

  validation {
    condition     = contains(["governance", "compliance"], var.settings.lock)
    error_message = "A lock is governance (some may lift it) or compliance (nobody may)."
  }

  validation {
    condition     = min(var.settings.record_days, var.settings.backup_days) >= 1
    error_message = "What is locked is locked for a day at least."
  }
}

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "workspace_id" {
  description = "The workspace that access logs go to."
  type        = string
}

variable "key" {
  description = "The record's key and the identity that may use it."
  type        = object({ key_id = string, identity_id = string })
}

variable "endpoint" {
  description = "Where the private endpoints stand, and the zone of their names."
  type        = object({ subnet_id = string, dns_zone_id = string })
}

variable "recovery" {
  description = "The same in the recovery region; null where nothing is replicated."
  type = object({
    resource_group = string
    key            = object({ key_id = string, identity_id = string })
    endpoint       = object({ subnet_id = string, dns_zone_id = string })
  })
  default = null
}
