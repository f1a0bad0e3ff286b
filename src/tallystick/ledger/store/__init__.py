"""Rows and values of the books; the only room that speaks SQL."""
