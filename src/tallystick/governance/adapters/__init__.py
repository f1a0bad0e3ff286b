"""Strangers of governance: Terraform, clouds, secret managers."""
