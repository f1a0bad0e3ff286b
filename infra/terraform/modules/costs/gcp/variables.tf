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
  description = "The costs section of the environment."
  type = object({
    monthly    = number
    currency   = string
    thresholds = list(number)
  })

  validation {
    condition     = var.settings.monthly > 0 && max(var.settings.thresholds...) <= 100
    error_message = "A budget is more than nothing, and rings at 100 percent at the latest."
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

variable "billing_account" {
  description = "The account that pays."
  type        = string
}

variable "channel_id" {
  description = "Who is told."
  type        = string
}
