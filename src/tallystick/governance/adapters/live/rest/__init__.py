"""Clouds that are spoken to by plain REST: one client with bounds, and tables between Terraform's shape and JSON."""
