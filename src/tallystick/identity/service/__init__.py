"""Identity made real, a module a door."""
