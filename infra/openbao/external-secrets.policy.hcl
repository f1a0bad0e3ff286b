# What External Secrets may read for the processes on Kubernetes (infra/kubernetes), and no secret of the list beside it.
path "secret/data/tallystick/+/database-url" {
  capabilities = ["read"]
}

path "secret/data/tallystick/+/door-key" {
  capabilities = ["read"]
}

path "secret/data/tallystick/+/peers" {
  capabilities = ["read"]
}

path "secret/data/tallystick/+/token-keys" {
  capabilities = ["read"]
}

path "secret/data/tallystick/+/factor-keys" {
  capabilities = ["read"]
}

path "secret/data/tallystick/+/record-keys" {
  capabilities = ["read"]
}
