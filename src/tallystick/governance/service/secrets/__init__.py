"""Secrets kept the same in all their homes, and rotated until the old one is proven dead."""
