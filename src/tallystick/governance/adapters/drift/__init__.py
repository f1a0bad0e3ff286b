"""Look for drift: a refresh by Terraform, a list of all that is live, and the cloud's trail."""
