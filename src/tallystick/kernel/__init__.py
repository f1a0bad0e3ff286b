"""Values everybody speaks: money, ids, instants, problems. No I/O, no clock, no dice."""
