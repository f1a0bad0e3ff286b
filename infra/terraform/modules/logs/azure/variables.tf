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
  description = "The logs section of the environment."
  type = object({
    lock         = string
    archive_days = number
    hot_days     = number
    threats      = bool
  })

  validation {
    condition     = contains(["governance", "compliance"], var.settings.lock)
    error_message = "A lock is governance (some may lift it) or compliance (nobody may)."
  }

  validation {
    condition     = contains([30, 90, 365], var.settings.hot_days) && var.settings.archive_days >= var.settings.hot_days
    error_message = "Logs can be searched for 30, 90 or 365 days, and are kept at least as long."
  }
}

variable "contact" {
  description = "Who is written to when it rings."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.contact))
    error_message = "The contact is an address of mail."
  }
}

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "key" {
  description = "The key for logs and the identity that may use it."
  type        = object({ key_id = string, identity_id = string })
}

variable "endpoint" {
  description = "Where the private endpoints stand, and the zone of their names."
  type        = object({ subnet_id = string, dns_zone_id = string })
}

variable "monitor_zone_ids" {
  description = "The zones of the names that monitoring is called by."
  type        = list(string)
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
