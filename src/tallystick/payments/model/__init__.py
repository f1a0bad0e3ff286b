"""The laws of payments, pure: no clock, no database, no chance."""
