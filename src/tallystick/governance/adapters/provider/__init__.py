"""Our Terraform provider: the schemas of aws, azurerm and google, over a local store or over live targets."""
