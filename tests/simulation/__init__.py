"""The simulation: a package, so that its ground is gone before other tests begin."""
