"""What is live: one package for each cloud, whose kinds read and write Terraform's types over that cloud's API."""
