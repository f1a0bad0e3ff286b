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
    since      = string
    thresholds = list(number)
  })

  validation {
    condition     = var.settings.monthly > 0 && max(var.settings.thresholds...) <= 100
    error_message = "A budget is more than nothing, and rings at 100 percent at the latest."
  }
}

variable "contact" {
  description = "Who is written to."
  type        = string
}

variable "action_group_id" {
  description = "Who is told."
  type        = string
}
