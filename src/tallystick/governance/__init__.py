"""Our clouds against our policies: plans, verdicts, drift, secrets, and who agreed to what."""
