"""Tests of the client library: a package, so that the platform they share ends with its last test."""
