"""What the record is told of identity: tenants and keys, by ids of ours; names and labels are sealed."""

from collections.abc import Sequence

from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag


def tenant(tenant_id: int, *, name: str, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a tenant that is made."""
    return Deed(
        tag=Tag.IDENTITY_TENANT_CREATE,
        caller=caller,
        on=ids.tenant_name(tenant_id),
        at=at,
        texts={"name": name},
    )


def key(
    key_id: str,
    *,
    hashed: bytes,
    label: str,
    roles: Sequence[str],
    expires_at: Instant | None,
    made_by: str | None,
    made_with: str | None,
    inherits: bool,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a key that is made."""
    said = {
        "expires_at": None if expires_at is None else instants.render(expires_at),
        "made_by": made_by,
        "made_with": made_with,
        "inherits": inherits or None,
    }
    return Deed(
        tag=Tag.IDENTITY_KEY_CREATE,
        caller=caller,
        on=key_id,
        at=at,
        content={name: value for name, value in said.items() if value is not None}
        | {"roles": list(roles)},
        texts={"hash": hashed.hex(), "label": label},
    )


def end_of_key(key_id: str, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a key that is revoked."""
    return Deed(tag=Tag.IDENTITY_KEY_REVOKE, caller=caller, on=key_id, at=at)
