"""The laws of the books, pure: what an account may carry, what an act means, what is refused and why."""
