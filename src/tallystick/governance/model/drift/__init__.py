"""Drift: what is live and was not planned, what it means, and who did it."""
