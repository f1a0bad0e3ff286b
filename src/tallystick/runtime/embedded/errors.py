"""How the embedded server refuses."""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do what was asked; the text says why and what to do next."""
