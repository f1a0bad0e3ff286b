"""The door of governance."""
