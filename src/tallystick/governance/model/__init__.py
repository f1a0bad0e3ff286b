"""The laws of governance: estates, verdicts, drift, rotation; pure."""
