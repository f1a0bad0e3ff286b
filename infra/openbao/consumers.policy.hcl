# What a consumer may: read the secrets of production, and say which version it uses. Narrow it to the names it needs.
path "secret/data/tallystick/production/+" {
  capabilities = ["read"]
}

path "secret/data/tallystick-known/production/+/acknowledged/+" {
  capabilities = ["create", "update", "read"]
}
