"""Tests of the platform as it is split: a package, so that its processes end with its last test."""
