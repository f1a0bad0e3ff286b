"""Tests of the platform from the outside: a package, so that what they share ends with its last test."""
