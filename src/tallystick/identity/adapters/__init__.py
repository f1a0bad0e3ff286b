"""Strangers: the engine that decides, and the providers that know people."""
