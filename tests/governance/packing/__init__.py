"""The maker of the schema pack; tests do not run it."""
