"""The laws of the record: hashes, tiles, notes, checkpoints and proofs. Pure."""
