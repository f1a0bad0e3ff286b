variable "platform" {
  description = "What every name begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,9}$", var.platform))
    error_message = "The platform's name is 3 to 10 small letters and digits: longer ones do not fit the names of storage accounts."
  }
}

variable "environment" {
  description = "The environment: development, staging or production."
  type        = string

  validation {
    condition     = contains(["development", "staging", "production"], var.environment)
    error_message = "The environment is development, staging or production."
  }
}

variable "owner" {
  description = "The team that answers for it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,62}$", var.owner))
    error_message = "An owner is written in small letters, digits and dashes, so that it is a label on every cloud."
  }
}

variable "cost_centre" {
  description = "Who pays."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,62}$", var.cost_centre))
    error_message = "A cost centre is written in small letters, digits and dashes, so that it is a label on every cloud."
  }
}

variable "account" {
  description = "The AWS account, Azure subscription or GCP project that the environment has for itself."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string

  validation {
    condition     = contains(var.residency, var.region)
    error_message = "The region is not one where the data may live: see residency in environments.json."
  }
}

variable "recovery_region" {
  description = "Where it is brought back when the region is lost."
  type        = string

  validation {
    condition     = contains(var.residency, var.recovery_region) && var.recovery_region != var.region
    error_message = "The recovery region is another one than the region, and one where the data may live."
  }
}

variable "residency" {
  description = "The regions of this cloud where the data may live."
  type        = list(string)
}
