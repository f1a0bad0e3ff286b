"""Strangers that wallets speak to: file formats of statements."""
