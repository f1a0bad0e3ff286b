"""The door of the record made real, and what writes it: the sequencer, the witness, the package for auditors."""
