"""Terraform, run as a program: found, mirrored, held to time bounds, its state kept by us."""
