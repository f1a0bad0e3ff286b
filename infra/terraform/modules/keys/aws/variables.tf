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
    hsm           = bool
    rotation_days = number
    deletion_days = number
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

variable "recovery" {
  description = "Whether the keys are needed in the recovery region too."
  type        = bool
}
