"""The door of the record."""
