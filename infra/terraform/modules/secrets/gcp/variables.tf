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

variable "number" {
  description = "The number of the project: the cloud's agents are named by it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,14}$", var.number))
    error_message = "The number of a project is 10 to 14 digits."
  }
}

variable "names" {
  description = "The secrets that have a home here: those of policies/secrets.toml."
  type        = list(string)

  validation {
    condition     = alltrue([for name in var.names : can(regex("^[a-z][a-z0-9-]{1,62}$", name))])
    error_message = "A secret's name is small letters, digits and dashes."
  }
}

variable "key_id" {
  description = "The key for secrets."
  type        = string
}

variable "recovery_key_id" {
  description = "The key for secrets in the recovery region; null where nothing is replicated."
  type        = string
  default     = null
}

variable "logs_key_id" {
  description = "The key for logs, under which it is told that secrets are due."
  type        = string
}
