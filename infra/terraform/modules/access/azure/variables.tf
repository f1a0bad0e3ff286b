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

variable "issuer" {
  description = "Who signs for runs: the platform."
  type        = string

  validation {
    condition     = startswith(var.issuer, "https://")
    error_message = "The issuer is an address that begins with https://."
  }
}

variable "audience" {
  description = "Whom its tokens are for."
  type        = string
}

variable "resource_group_ids" {
  description = "The resource groups of the estate, here and in the recovery region."
  type        = map(string)
}
