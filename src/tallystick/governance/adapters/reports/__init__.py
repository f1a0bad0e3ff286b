"""Pages and files that a person reads: a plan, drift."""
