"""Who is asking: tenants and their keys."""
