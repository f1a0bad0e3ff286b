"""Identity over HTTP, a module a door."""
