"""The ids that a client gives its writes."""

import secrets


def new_key() -> str:
    """An id that nobody has: 128 bits of chance."""
    return f"once_{secrets.token_hex(16)}"
