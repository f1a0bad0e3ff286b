# What a consumer may: read the secrets of production, and say for itself, and nobody else, what it uses. Its entity in
# OpenBao has the consumer's name in policies/secrets.toml. Narrow the first path to the names it needs.
path "secret/data/tallystick/production/+" {
  capabilities = ["read"]
}

path "secret/data/tallystick-known/production/+/acknowledged/{{identity.entity.name}}" {
  capabilities = ["create", "update", "read"]
}
