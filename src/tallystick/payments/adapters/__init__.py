"""Strangers that payments speak to: file formats, banks, providers."""
