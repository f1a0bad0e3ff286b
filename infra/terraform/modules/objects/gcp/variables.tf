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
  description = "The objects section of the environment."
  type = object({
    lock            = string
    record_days     = number
    backup_days     = number
    replica         = bool
    access_log_days = number
  })

  validation {
    condition     = contains(["governance", "compliance"], var.settings.lock)
    error_message = "A lock is governance (some may lift it) or compliance (nobody may)."
  }

  validation {
    condition     = min(var.settings.record_days, var.settings.backup_days) >= 1
    error_message = "What is locked is locked for a day at least."
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

variable "key_id" {
  description = "The record's key."
  type        = string
}

variable "recovery_key_id" {
  description = "The record's key in the recovery region; null where nothing is replicated."
  type        = string
  default     = null
}
