"""Who is asking: the value every door takes first."""

import msgspec


class Cap(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The most that may be moved under one delegation within one slot of time.

    ``name`` is the delegation's id, ``slot`` names the slot it was decided in (``2026-11-28`` or ``2026-W48``),
    ``most`` is in minor units of ``asset``. The ledger counts by (tenant, name, asset, slot) in the transaction that
    moves the money.
    """

    name: str
    asset: str
    slot: str
    most: int


class Caller(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A proven caller. Only the authenticator of the edge and operators' jobs make one; doors add what was decided.

    ``tenant_id`` bounds everything the call can see or change; ``actor`` names the key, person or job. ``request`` is
    our id of the request that asked, ``process`` when none did. ``origin`` is where that came from: the address on the
    network, and the id its sender gave it; empty from inside. It is personal data, and goes into seals and no further.

    ``session`` is what proved the actor: a session, a token or a key. ``via`` is the context that asks on the actor's
    behalf, empty when the actor asks itself. ``decision`` is the decision that let the call in; ``caps`` bound what it
    may move. ``sees`` are the patterns of addresses it may read, None for all. ``scope`` are the bundles that a token
    was narrowed to, None for all that the actor has.
    """

    tenant_id: int
    actor: str
    request: str = "process"
    origin: str = ""
    session: str = ""
    via: str = ""
    decision: str = ""
    caps: tuple[Cap, ...] = ()
    sees: tuple[str, ...] | None = None
    scope: tuple[str, ...] | None = None


def address_of(caller: Caller) -> str:
    """The address on the network that a caller asks from; '' from inside."""
    return caller.origin.partition(" ")[0]
