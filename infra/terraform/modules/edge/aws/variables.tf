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
  description = "The edge section of the environment."
  type = object({
    requests_per_five_minutes = number
    ddos                      = string
    deletion_protection       = bool
    capacity_min              = number
    capacity_max              = number
  })

  validation {
    condition     = var.settings.requests_per_five_minutes >= 100 && var.settings.requests_per_five_minutes <= 20000
    error_message = "One caller may ask 100 to 20000 times in five minutes."
  }

  validation {
    condition     = contains(["standard", "advanced"], var.settings.ddos)
    error_message = "Protection from floods is standard (what the cloud does for all) or advanced."
  }
}

variable "domain" {
  description = "The name that callers know."
  type        = string
}

variable "zone" {
  description = "The id of the public zone in Route 53 where the domain's records stand; it is in the same account."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]{7,31}$", var.zone))
    error_message = "The id of a zone is a Z with capital letters and digits: see the zone's page in Route 53."
  }
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets of the edge."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of the edge."
  type        = string
}

variable "access_bucket" {
  description = "The bucket that access logs are delivered to."
  type        = string
}

variable "logs_key_arn" {
  description = "The key for logs."
  type        = string
}

variable "log_days" {
  description = "How long the firewall's log can be searched."
  type        = number
}
