"""Our verdicts beside checkov's: `make opinions` writes `opinions.json` and the page; a test holds both together."""
