"""Who is asking: the value every door takes first."""

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A proven caller. Only the authenticator of the edge and operators' jobs make one.

    ``tenant_id`` bounds everything the call can see or change; ``actor`` names the key, person or job.
    """

    tenant_id: int
    actor: str
