# What a process of the platform may: lease its database login, renew it, and give it back.
path "database/creds/tallystick" {
  capabilities = ["read"]
}

path "sys/leases/renew" {
  capabilities = ["update"]
}

path "sys/leases/revoke/database/creds/tallystick/*" {
  capabilities = ["update"]
}
