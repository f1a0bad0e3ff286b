"""The laws of wallets, pure: no clock, no database, no chance."""
