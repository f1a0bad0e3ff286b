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
  description = "The edge section of the environment."
  type = object({
    requests_per_five_minutes = number
    ddos                      = string
    deletion_protection       = bool
    capacity_min              = number
    capacity_max              = number
  })

  validation {
    condition     = var.settings.requests_per_five_minutes >= 100 && var.settings.requests_per_five_minutes <= 20000
    error_message = "One caller may ask 100 to 20000 times in five minutes."
  }

  validation {
    condition     = contains(["standard", "advanced"], var.settings.ddos)
    error_message = "Protection from floods is standard (what the cloud does for all) or advanced."
  }
}

variable "domain" {
  description = "The name that callers know."
  type        = string
}

variable "resource_group" {
  description = "The resource group it stands in."
  type        = string
}

variable "workspace_id" {
  description = "The workspace that access logs go to."
  type        = string
}

variable "zones" {
  description = "The availability zones that it stands in."
  type        = list(string)
}

variable "subnet_id" {
  description = "The subnet of the edge."
  type        = string
}

variable "services_cidr" {
  description = "The range of services."
  type        = string
}

variable "vault_id" {
  description = "The vault of the certificate."
  type        = string
}

variable "certificate_issuer" {
  description = "Who signs the certificate, by the vault's name for it; Self where no stranger comes in."
  type        = string
}

variable "authority" {
  description = "The certificate of the cluster's own authority, as base64 of its DER: who signs what pods show."
  type        = string

  validation {
    condition     = can(regex("^MII[A-Za-z0-9+/]+={0,2}$", var.authority))
    error_message = "The authority is a certificate, as base64 of its DER in one line: infra/kubernetes/README.md says how it is read."
  }
}
