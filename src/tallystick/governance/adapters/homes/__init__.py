"""Secret managers, each as a `Home`: OpenBao, AWS Secrets Manager, Google Secret Manager, Azure Key Vault."""
