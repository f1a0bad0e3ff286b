"""What Terraform did not do."""


class RunRefused(Exception):
    """Terraform did not do it; the message says why, where, and what to do next."""
