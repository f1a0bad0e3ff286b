"""Messages: what crosses the doors between contexts, and the wire."""

import msgspec


class Message(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """A frozen, plainly typed value that crosses doors. Unknown fields are refused."""
