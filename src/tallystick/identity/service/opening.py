"""Opening sessions: what every way of signing in ends with."""

from tallystick.identity.model import session_texts
from tallystick.identity.model.tokens_of_people import Proven
from tallystick.identity.store import providers as provider_store
from tallystick.identity.store import sessions as store
from tallystick.identity.store.sessions import SessionRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed
from tallystick.runtime.database import Connection

UNDER_WAY: Instant = 600 * instants.SECOND
SESSION_LASTS: Instant = 12 * 3_600 * instants.SECOND


def tenant_of(name: str) -> int:
    """The number of a tenant. Raises Malformed."""
    try:
        return ids.tenant_id_of(name)
    except ValueError as error:
        raise malformed("tenant", str(error)) from None


def as_tenant(caller: Caller, tenant_id: int, actor: str = "edge", session: str = "") -> Caller:
    """Whoever asks from there, within a tenant."""
    return Caller(
        tenant_id=tenant_id,
        actor=actor,
        session=session,
        request=caller.request,
        origin=caller.origin,
    )


async def person_of(connection: Connection, *, caller: Caller, proven: Proven) -> str | None:
    """The person whom a provider names so; None when there is no such person who is active."""
    found = await provider_store.person_of_login(
        connection, tenant_id=caller.tenant_id, issuer=proven.issuer, subject=proven.subject
    )
    return None if found is None or found[1] != "active" else found[0]


async def open_session(
    connection: Connection,
    *,
    caller: Caller,
    person_id: str,
    proven: Proven,
    session_id: str,
    hashed: bytes,
    device: str,
    country: str,
    now: Instant,
    until: Instant,
) -> SessionRow:
    """Open a session for a person who is active.

    ``caller`` is whoever asks, within the tenant; where it asks from is the session's network.
    """
    mark = session_texts.device_mark(caller.tenant_id, device)
    row = SessionRow(
        session_id=session_id,
        person_id=person_id,
        hash=hashed,
        issuer=proven.issuer,
        methods=proven.methods,
        device=mark,
        device_known=await store.is_device_known(
            connection, tenant_id=caller.tenant_id, person_id=person_id, device=mark
        ),
        network=caller.origin.partition(" ")[0],
        country=country,
        started_at=now,
        expires_at=until,
        mfa_at=proven.mfa_at,
    )
    person = as_tenant(caller, caller.tenant_id, actor=row.person_id, session=session_id)
    await store.insert_session(connection, tenant_id=caller.tenant_id, row=row, caller=person)
    return row


def demand_device(device: str | None) -> None:
    """Raise Malformed for what no device is known by."""
    if device is not None and not session_texts.is_device(device):
        raise malformed("device", "16 to 200 printable ASCII characters without space")
