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
  description = "The database section of the environment, and how much may be lost and how soon it must be back."
  type = object({
    version             = string
    synchronous         = bool
    replica             = bool
    storage_gb          = number
    backup_days         = number
    deletion_protection = bool
    insights_days       = number
    rpo_minutes         = number
    rto_minutes         = number
  })

  validation {
    condition     = var.settings.rpo_minutes > 0 || var.settings.synchronous
    error_message = "Where nothing may be lost (rpo_minutes 0) a synchronous standby is needed."
  }

  validation {
    condition     = var.settings.rto_minutes > 240 || var.settings.replica
    error_message = "What must be back within four hours needs a replica in the recovery region."
  }

  validation {
    condition     = var.settings.backup_days >= 7 && var.settings.backup_days <= 35
    error_message = "Backups are kept 7 to 35 days here; what is kept longer goes to the bucket for backups."
  }
}

variable "size" {
  description = "The cloud's name for the size of the server."
  type        = string
}

variable "edition" {
  description = "ENTERPRISE, or ENTERPRISE_PLUS where maintenance may not interrupt and logs are kept longer."
  type        = string
}

variable "log_days" {
  description = "How far back any second can be restored; the edition sets the most: 7, or 35 for ENTERPRISE_PLUS."
  type        = number

  validation {
    condition     = var.log_days >= 1 && var.log_days <= (var.edition == "ENTERPRISE_PLUS" ? 35 : 7)
    error_message = "Any second can be restored up to 7 days back, up to 35 with ENTERPRISE_PLUS."
  }
}

variable "network_id" {
  description = "The network."
  type        = string
}

variable "subnet_id" {
  description = "The subnet of the data segment."
  type        = string
}

variable "recovery_subnet_id" {
  description = "The subnet of the data segment in the recovery region; null where there is no replica."
  type        = string
  default     = null

  validation {
    condition     = !var.settings.replica || var.recovery_subnet_id != null
    error_message = "A replica is reached through a subnet of the recovery region."
  }
}

variable "key_id" {
  description = "The key for data."
  type        = string
}

variable "recovery_key_id" {
  description = "The key for data in the recovery region; null where there is no replica."
  type        = string
  default     = null
}
