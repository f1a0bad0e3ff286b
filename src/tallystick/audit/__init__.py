"""The record: what was done, by whom, in an order nobody can change."""
