# What a process of the platform may: lease its own database login, renew it, and give it back. Its entity in OpenBao
# has the process's name in database-roles.txt.
path "database/creds/tallystick-{{identity.entity.name}}" {
  capabilities = ["read"]
}

path "sys/leases/renew" {
  capabilities = ["update"]
}

path "sys/leases/revoke/database/creds/tallystick-{{identity.entity.name}}/*" {
  capabilities = ["update"]
}
