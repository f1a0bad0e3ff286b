"""Measurements: every figure is a ratio of two things measured in one run, interleaved, with its median."""
