"""Who is asking: the value every door takes first."""

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A proven caller. Only the authenticator of the edge and operators' jobs make one.

    ``tenant_id`` bounds everything the call can see or change; ``actor`` names the key, person or job. ``request`` is
    our id of the request that asked, ``process`` when none did. ``origin`` is where that came from: the address on the
    network, and the id its sender gave it; empty from inside. It is personal data, and goes into seals and no further.
    """

    tenant_id: int
    actor: str
    request: str = "process"
    origin: str = ""
