"""The laws of identity: keys as text, and what the record is told."""
