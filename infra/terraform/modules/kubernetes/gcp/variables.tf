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
  description = "The kubernetes section of the environment."
  type = object({
    version             = string
    nodes_min           = number
    nodes_max           = number
    disk_gb             = number
    deletion_protection = bool
  })

  validation {
    condition     = var.settings.nodes_min >= 1 && var.settings.nodes_max >= var.settings.nodes_min
    error_message = "There is a node at least, and never more than the most."
  }
}

variable "size" {
  description = "The cloud's name for the size of a node."
  type        = string
}

variable "number" {
  description = "The number of the project: the cloud's agents are named by it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,14}$", var.number))
    error_message = "The number of a project is 10 to 14 digits."
  }
}

variable "zones" {
  description = "The zones that nodes stand in."
  type        = list(string)
}

variable "masters" {
  description = "The range of the control plane, a /28."
  type        = string
}

variable "network_id" {
  description = "The network."
  type        = string
}

variable "subnet_id" {
  description = "The subnet of services, with ranges for pods and the cluster's addresses."
  type        = string
}

variable "services_cidr" {
  description = "The range of services, from which alone the interface is reached."
  type        = string
}

variable "key_id" {
  description = "The key for data: disks and images."
  type        = string
}

variable "secrets_key_id" {
  description = "The key for secrets."
  type        = string
}

variable "record_bucket" {
  description = "The bucket of the record."
  type        = string
}

variable "nodes" {
  description = "The service account of nodes, made in access."
  type        = object({ email = string, member = string })
}
