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
    flow_sampling         = number
  })

  validation {
    condition     = var.settings.flow_sampling > 0 && var.settings.flow_sampling <= 1
    error_message = "Of all flows more than none and at most all (1) are written down."
  }
}

variable "cidr" {
  description = "The range of the network, a /16."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "The range of a network is a /16 such as 10.30.0.0/16."
  }
}

variable "recovery_cidr" {
  description = "The range of the recovery region; null where nothing is replicated."
  type        = string
  default     = null
}

variable "masters" {
  description = "The range of the cluster's control plane, a /28."
  type        = string

  validation {
    condition     = can(cidrhost(var.masters, 0)) && endswith(var.masters, "/28")
    error_message = "The control plane has a /28 such as 172.16.0.0/28."
  }
}

variable "endpoints" {
  description = "The cloud's services that are reached by a private endpoint of the region."
  type        = list(string)
  default     = []
}
