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
  description = "The logs section of the environment."
  type = object({
    lock         = string
    archive_days = number
    hot_days     = number
    threats      = bool
  })

  validation {
    condition     = contains(["governance", "compliance"], var.settings.lock)
    error_message = "A lock is governance (some may lift it) or compliance (nobody may)."
  }

  validation {
    condition     = contains([30, 90, 365], var.settings.hot_days) && var.settings.archive_days >= var.settings.hot_days
    error_message = "Logs can be searched for 30, 90 or 365 days, and are kept at least as long."
  }
}

variable "contact" {
  description = "Who is written to when it rings."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.contact))
    error_message = "The contact is an address of mail."
  }
}

variable "key_arn" {
  description = "The key for logs."
  type        = string
}

variable "access_bucket" {
  description = "The bucket that access logs are delivered to."
  type        = string
}

variable "bucket_arns" {
  description = "The buckets whose every read and write is in the trail."
  type        = map(string)
}

variable "boundary_arn" {
  description = "The most that a role made here may do."
  type        = string
}

variable "recovery" {
  description = "Whether anything stands in the recovery region, so that it is watched too."
  type        = bool
}
