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

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "directory" {
  description = "The Entra directory (tenant) whose people and workloads come in."
  type        = string
}

variable "workspace_id" {
  description = "The workspace that audit logs go to."
  type        = string
}

variable "administrators" {
  description = "The group of the directory that owns the database."
  type        = string
}

variable "key" {
  description = "The key for data and the identity that may use it."
  type        = object({ key_id = string, identity_id = string })
}

variable "network" {
  description = "The subnet of the data segment, and the zone of the server's private name."
  type        = object({ subnet_id = string, dns_zone_id = string })
}

variable "recovery" {
  description = "The same in the recovery region; null where there is no replica."
  type = object({
    resource_group = string
    key            = object({ key_id = string, identity_id = string })
    network        = object({ subnet_id = string, dns_zone_id = string })
  })
  default = null
}
