# What the platform may so that an apply gets the cloud's credentials: read them, and end what was leased.
path "cloud/+/+/plan" {
  capabilities = ["read"]
}

path "cloud/+/+/apply" {
  capabilities = ["read"]
}

# Ending a lease by its id, which only whoever was lent it knows.
path "sys/leases/revoke" {
  capabilities = ["update"]
}
