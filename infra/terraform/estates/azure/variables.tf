variable "environment" {
  description = "Which environment this is: development, staging or production. All that differs stands in environments.json."
  type        = string

  validation {
    condition     = contains(["development", "staging", "production"], var.environment)
    error_message = "The environment is development, staging or production."
  }
}
