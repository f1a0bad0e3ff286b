"""Wallets: the accounts customers hold, and what we tell them about these."""
