# What whoever syncs and rotates may: write and read secrets, destroy versions, and keep what is known of them.
path "secret/data/tallystick/+/+" {
  capabilities = ["create", "update", "read"]
}

path "secret/metadata/tallystick/+/+" {
  capabilities = ["read", "list"]
}

path "secret/destroy/tallystick/+/+" {
  capabilities = ["update"]
}

path "secret/data/tallystick-known/*" {
  capabilities = ["create", "update", "read"]
}
