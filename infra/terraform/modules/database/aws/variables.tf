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
    owner_password      = number
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

variable "subnet_ids" {
  description = "The subnets of the data segment."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of the data segment."
  type        = string
}

variable "key_arn" {
  description = "The key for data."
  type        = string
}

variable "logs_key_arn" {
  description = "The key for logs."
  type        = string
}

variable "log_days" {
  description = "How long the database's own log can be searched; the archive keeps it longer."
  type        = number
}

variable "recovery_subnet_ids" {
  description = "The subnets of the data segment in the recovery region; none where there is no replica."
  type        = list(string)
  default     = []
}

variable "recovery_security_group_id" {
  description = "The security group of the data segment in the recovery region."
  type        = string
  default     = null
}

variable "recovery_key_arn" {
  description = "The key for data in the recovery region."
  type        = string
  default     = null
}

variable "recovery_logs_key_arn" {
  description = "The key for logs in the recovery region."
  type        = string
  default     = null
}

variable "boundary_arn" {
  description = "The most that a role made here may do."
  type        = string
}
