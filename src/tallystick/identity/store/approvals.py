"""What waits for others to agree, as rows. The guard opens them; people agree to them."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tallystick.identity.model import deeds_of_factors as deeds
from tallystick.identity.model.binding import asked_of, verify_vote
from tallystick.identity.model.passkeys import Refused
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime import record
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

CONTEXT = "identity"
LASTS: Final[Instant] = instants.DAY
ENDED_AT_ONCE_MAX: Final = 10
_SQL = queries(CONTEXT, "approvals")


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request to agree. ``asked`` is canonical JSON; ``ending`` says how it ended, None while it is open."""

    approval_id: str
    maker: str
    action: str
    digest: bytes
    asked: str
    needed: int
    created_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    ending: str | None

    def is_open(self, now: Instant) -> bool:
        """Whether somebody may still agree to it, or do what it was agreed for."""
        return self.ended_at is None and now < self.expires_at


class VoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said to a request, with the signature when a passkey said it."""

    approval_id: str
    person_id: str
    name: str
    status: str
    verdict: str
    at: Instant
    method: str
    credential_id: bytes | None = None
    public_key: bytes | None = None
    client_data: bytes | None = None
    authenticator_data: bytes | None = None
    signature: bytes | None = None
    nonce: bytes | None = None
    reason: str | None = None


async def open_or_find(
    connection: Connection,
    *,
    tenant_id: int,
    maker: str,
    action: str,
    digest: bytes,
    asked: str,
    needed: int,
    now: Instant,
    mint_id: Callable[[str], str],
    caller: Caller | None = None,
) -> ApprovalRow:
    """Open the request of a maker for an act, or find it open: one per maker, action and digest of 32 bytes.

    One that has expired, or that needs fewer people than are needed now, is ended and another opened for 24 hours.
    ``asked`` is the canonical JSON that people are shown and sign; ``needed`` is 1 to 5; ``mint_id`` makes an id with
    a prefix. The opening is on record, as ``caller``'s when given.
    """
    asking = caller or Caller(tenant_id=tenant_id, actor=maker)
    found = _approval(await connection.fetchrow(_SQL["open"], tenant_id, maker, action, digest))
    if found is not None:
        if found.is_open(now) and found.needed >= needed:
            return found
        await end(
            connection, caller=asking, approval=found, ending="expired", now=now,
        )  # fmt: skip
    await _end_past(connection, caller=asking, now=now)
    row = await connection.fetchrow(
        _SQL["insert"], tenant_id, mint_id("apr"), maker, action, digest, asked, needed, now,
        now + LASTS,
    )  # fmt: skip
    is_new = row is not None
    if not is_new:
        # Another process opened the same at this moment.
        row = await connection.fetchrow(_SQL["open"], tenant_id, maker, action, digest)
    made = _approval(row)
    if made is None:
        raise ConnectionError("a request to agree was opened and ended at this moment: ask again")
    if is_new:
        await tell(
            connection,
            deeds.approval(
                Tag.IDENTITY_APPROVAL_ASK, made.approval_id, caller=asking, at=now,
                content={"action": action, "digest": digest.hex(), "needed": needed},
                texts={"asked": asked},
            ),
        )  # fmt: skip
    return made


async def _end_past(connection: Connection, *, caller: Caller, now: Instant) -> None:
    """End some that have expired, so that what is open stays little however much is asked for."""
    rows = await connection.fetch(_SQL["past"], caller.tenant_id, now, ENDED_AT_ONCE_MAX)
    for row in rows:
        past = msgspec.convert(dict(row), ApprovalRow)
        await end(connection, caller=caller, approval=past, ending="expired", now=now)


async def approvers_of(
    connection: Connection, *, tenant_id: int, approval_id: str
) -> tuple[str, ...]:
    """The distinct people who agreed to it and are still active, in the order in which they did.

    What a passkey signed is verified again, so that rows which were changed since count for nothing.
    """
    row = await approval(connection, tenant_id=tenant_id, approval_id=approval_id)
    if row is None:
        return ()
    votes = await votes_of(connection, tenant_id=tenant_id, approval_ids=(approval_id,))
    return tuple(
        vote.person_id
        for vote in votes
        if vote.verdict == "approved" and vote.status == "active" and flaw_of(row, vote) is None
    )


def flaw_of(row: ApprovalRow, vote: VoteRow) -> str | None:
    """Why the signature of a vote is not one over this request; None when it is, or when nothing was signed."""
    if vote.method != "passkey":
        return None
    try:
        page_of(row, vote)
    except Refused as refusal:
        return str(refusal)
    return None


def page_of(row: ApprovalRow, vote: VoteRow) -> str:
    """Verify the signature of a vote by a passkey; answers the page it was made on. Raises Refused."""
    asked = asked_of(row.asked)
    if (asked.get("maker", row.maker), asked.get("action", row.action)) != (row.maker, row.action):
        raise Refused("what was asked is not what it is kept as")
    return verify_vote(
        approval_id=row.approval_id,
        asked=row.asked,
        digest=row.digest,
        nonce=vote.nonce or b"",
        public_key=vote.public_key or b"",
        client_data=vote.client_data or b"",
        authenticator_data=vote.authenticator_data or b"",
        signature=vote.signature or b"",
    )


async def use(connection: Connection, *, caller: Caller, approval_id: str, now: Instant) -> bool:
    """End a request because the act it was for is being done; False when it had ended already."""
    row = await approval(connection, tenant_id=caller.tenant_id, approval_id=approval_id, held=True)
    return row is not None and await end(
        connection, caller=caller, approval=row, ending="used", now=now
    )


async def end(
    connection: Connection, *, caller: Caller, approval: ApprovalRow, ending: str, now: Instant
) -> bool:
    """End a request as ``rejected``, ``withdrawn``, ``expired`` or ``used``; False when it had ended already."""
    ended = await connection.fetchval(
        _SQL["end"], caller.tenant_id, approval.approval_id, now, ending
    )
    if ended is not None and ending in _TAG_OF_ENDING:
        tag = _TAG_OF_ENDING[ending]
        await tell(connection, deeds.approval(tag, approval.approval_id, caller=caller, at=now))
    return ended is not None


# A rejection is told with its vote.
_TAG_OF_ENDING: Final = {
    "withdrawn": Tag.IDENTITY_APPROVAL_WITHDRAW,
    "expired": Tag.IDENTITY_APPROVAL_EXPIRE,
    "used": Tag.IDENTITY_APPROVAL_USE,
}


async def approval(
    connection: Connection, *, tenant_id: int, approval_id: str, held: bool = False
) -> ApprovalRow | None:
    """Read a request; ``held`` until the transaction ends, so that nobody else ends it meanwhile."""
    name = "approval_held" if held else "approval"
    return _approval(await connection.fetchrow(_SQL[name], tenant_id, approval_id))


async def votes_of(
    connection: Connection, *, tenant_id: int, approval_ids: Sequence[str]
) -> list[VoteRow]:
    """Read what was said to these requests, in order."""
    rows = await connection.fetch(_SQL["votes"], tenant_id, list(approval_ids))
    return [msgspec.convert(dict(row), VoteRow) for row in rows]


async def names_of(
    connection: Connection, *, tenant_id: int, holders: Sequence[str]
) -> dict[str, str]:
    """The names of people, keys and clients by their ids; others are not in it."""
    rows = await connection.fetch(_SQL["names"], tenant_id, list(holders))
    return {row["holder"]: row["name"] for row in rows}


async def insert_vote(
    connection: Connection, *, caller: Caller, approval: ApprovalRow, vote: VoteRow
) -> None:
    """Write what somebody said, and tell the record."""
    await connection.execute(
        _SQL["insert_vote"], caller.tenant_id, approval.approval_id, approval.maker,
        vote.person_id, vote.verdict, vote.at, vote.method, vote.credential_id, vote.public_key,
        vote.client_data, vote.authenticator_data, vote.signature, vote.nonce, vote.reason,
    )  # fmt: skip
    is_good = vote.verdict == "approved"
    tag = Tag.IDENTITY_APPROVAL_GIVE if is_good else Tag.IDENTITY_APPROVAL_REJECT
    await tell(
        connection,
        deeds.approval(
            tag, approval.approval_id, caller=caller, at=vote.at,
            content={"digest": approval.digest.hex(), "method": vote.method},
            texts=None if vote.reason is None else {"reason": vote.reason},
        ),
    )  # fmt: skip


async def listed(
    connection: Connection,
    *,
    tenant_id: int,
    which: str,
    person_id: str,
    action: str | None,
    after: str,
    now: Instant,
    limit: int,
) -> list[ApprovalRow]:
    """Read requests above ``after`` in order: ``waiting`` for this person, ``mine`` or ``all``."""
    arguments: dict[str, tuple[Any, ...]] = {
        "waiting": (person_id, now, action),
        "mine": (person_id, action),
        "all": (action,),
    }
    rows = await connection.fetch(_SQL[which], tenant_id, after, *arguments[which], limit)
    return [found for found in map(_approval, rows) if found is not None]


async def step_up_minutes(connection: Connection, *, tenant_id: int) -> int | None:
    """How long a step-up lasts by the tenant's own rule; None without one."""
    return await connection.fetchval(_SQL["step_up_minutes"], tenant_id)


async def tell(connection: Connection, *told: Deed) -> None:
    """Write entries in the open transaction."""
    if told:
        tenant_id = told[0].caller.tenant_id
        await record.write_deeds(connection, context=CONTEXT, tenant_id=tenant_id, deeds=told)


def _approval(row: Any) -> ApprovalRow | None:
    return None if row is None else msgspec.convert(dict(row), ApprovalRow)
