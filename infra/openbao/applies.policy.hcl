# What the platform may so that an apply gets the cloud's credentials: read them, let what was leased last as long as an
# apply may, and end it.
path "cloud/+/+/plan" {
  capabilities = ["read"]
}

path "cloud/+/+/apply" {
  capabilities = ["read"]
}

# Letting a lease last, and ending it, by its id, which only whoever was lent it knows.
path "sys/leases/renew" {
  capabilities = ["update"]
}

path "sys/leases/revoke" {
  capabilities = ["update"]
}
