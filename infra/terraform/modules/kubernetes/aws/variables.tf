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

variable "subnet_ids" {
  description = "The subnets of services."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of services."
  type        = string
}

variable "key_arn" {
  description = "The key for data: disks and images."
  type        = string
}

variable "secrets_key_arn" {
  description = "The key for secrets."
  type        = string
}

variable "logs_key_arn" {
  description = "The key for logs."
  type        = string
}

variable "log_days" {
  description = "How long the cluster's log can be searched."
  type        = number
}

variable "role_arns" {
  description = "The roles that may come in: operators and break-glass."
  type        = map(string)
}

variable "boundary_arn" {
  description = "The most that a role made here may do."
  type        = string
}
