"""Rows and values of identity, a module a door; the only room that speaks SQL."""
