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
  description = "The network section of the environment."
  type = object({
    zones                 = number
    nat_per_zone          = bool
    flow_interval_seconds = number
  })

  validation {
    condition     = var.settings.zones >= 2 && var.settings.zones <= 4
    error_message = "A network spans two to four zones."
  }

  validation {
    condition     = contains([60, 600], var.settings.flow_interval_seconds)
    error_message = "Flows are written every 60 or 600 seconds."
  }
}

variable "zones" {
  description = "The availability zones of the region, the first ones are used."
  type        = list(string)
}

variable "cidr" {
  description = "The range of the network, a /16."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "The range of a network is a /16 such as 10.30.0.0/16."
  }
}

variable "endpoints" {
  description = "The cloud's services that are reached by a private endpoint."
  type        = list(string)
  default     = []
}

variable "archive_arn" {
  description = "The bucket that keeps the flow logs."
  type        = string
}

variable "recovery" {
  description = "Whether this is the recovery region's network: data only, no way in or out."
  type        = bool
  default     = false
}
