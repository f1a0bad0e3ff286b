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

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "settings" {
  description = "The network section of the environment."
  type = object({
    zones                 = number
    nat_per_zone          = bool
    flow_interval_seconds = number
    flow_days             = number
  })

  validation {
    condition     = var.settings.zones >= 2 && var.settings.zones <= 3
    error_message = "A network spans two or three zones."
  }

  validation {
    condition     = var.settings.flow_days >= 1
    error_message = "Flow logs are kept for a day at least."
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

variable "ddos" {
  description = "standard: what the cloud does for all; advanced: a protection plan of our own."
  type        = string
  default     = "standard"

  validation {
    condition     = contains(["standard", "advanced"], var.ddos)
    error_message = "Protection is standard or advanced."
  }
}

variable "ddos_plan_id" {
  description = "The plan of the first network, which protects the recovery region's too."
  type        = string
  default     = null
}

variable "flow_storage_id" {
  description = "The storage account, in the network's region, that keeps the flow logs."
  type        = string
}

variable "workspace" {
  description = "The workspace in which flows are searched."
  type        = object({ id = string, guid = string })
}

variable "recovery" {
  description = "Whether this is the recovery region's network: data and keys only, no way in or out."
  type        = bool
  default     = false
}

variable "peer" {
  description = "The network of the database's other region and its ranges; null where there is no replica."
  type        = object({ network_id = string, ranges = map(string) })
  default     = null
}
