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

variable "number" {
  description = "The number of the project: its pools are named by it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,14}$", var.number))
    error_message = "The number of a project is 10 to 14 digits."
  }
}

variable "copies" {
  description = "Whether objects are copied to the recovery region."
  type        = bool
}
