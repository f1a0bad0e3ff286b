# What the platform may so that an apply gets the cloud's credentials: read them, and end what was leased.
path "cloud/+/+/plan" {
  capabilities = ["read"]
}

path "cloud/+/+/apply" {
  capabilities = ["read"]
}

# Ending all leases of a path needs sudo; it is narrowed to this mount.
path "sys/leases/revoke-prefix/cloud/*" {
  capabilities = ["update", "sudo"]
}
