"""The record as rows: what the sequencer writes, and what everybody else reads."""
