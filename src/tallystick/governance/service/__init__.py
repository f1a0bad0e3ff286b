"""The door of governance made real."""
