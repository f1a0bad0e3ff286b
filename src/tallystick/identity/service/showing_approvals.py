"""Approvals written as the door's answers: what is asked, how far it is, and the names of whoever it names."""

from collections.abc import Sequence
from typing import Any, Final

from tallystick.identity.api.approvals import Approval, Said
from tallystick.identity.model import binding
from tallystick.identity.store import approvals as store
from tallystick.identity.store.approvals import ApprovalRow, VoteRow
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection

LISTED_MAX: Final = 8_000
# What grows with the number of payments in it.
_LONG: Final = ("payees", "payers", "what")


async def shown(
    connection: Connection,
    caller: Caller,
    rows: Sequence[ApprovalRow],
    now: Instant,
    *,
    is_list: bool = False,
) -> tuple[Approval, ...]:
    """Write requests as answers, in their order; in a list without what is long of them."""
    votes = await store.votes_of(
        connection, tenant_id=caller.tenant_id, approval_ids=[row.approval_id for row in rows]
    )
    named = {row.maker for row in rows} | {binding.about(row.asked) for row in rows}
    names = await store.names_of(connection, tenant_id=caller.tenant_id, holders=sorted(named))
    return tuple(
        _approval(
            row,
            [vote for vote in votes if vote.approval_id == row.approval_id],
            names,
            now,
            is_short=is_list and len(row.asked) > LISTED_MAX,
        )
        for row in rows
    )


async def shown_one(
    connection: Connection, caller: Caller, row: ApprovalRow, now: Instant
) -> Approval:
    """Write one request as an answer."""
    (one,) = await shown(connection, caller, (row,), now)
    return one


def _approval(
    row: ApprovalRow,
    votes: list[VoteRow],
    names: dict[str, str],
    now: Instant,
    *,
    is_short: bool,
) -> Approval:
    good = [
        vote
        for vote in votes
        if vote.verdict == "approved"
        and vote.status == "active"
        and store.flaw_of(row, vote) is None
    ]
    status = row.ending or "waiting"
    if row.ending is None and len(good) >= row.needed:
        status = "agreed"
    if row.ending is None and not row.is_open(now):
        status = "expired"
    asked = binding.asked_of(row.asked)
    about = (row.maker, binding.about(row.asked))
    return Approval(
        approval=row.approval_id,
        status=status,
        sentence=_sentence(row, asked),
        asked={name: asked[name] for name in asked if not is_short or name not in _LONG},
        maker=row.maker,
        action=row.action,
        needed=row.needed,
        agreed=len(good),
        wants_passkey=binding.needs_passkey(asked),
        created_at=instants.render(row.created_at),
        expires_at=instants.render(row.expires_at),
        ended_at=None if row.ended_at is None else instants.render(row.ended_at),
        names={holder: names[holder] for holder in about if holder in names},
        said=tuple(
            Said(
                person=vote.person_id, name=vote.name, verdict=vote.verdict,
                at=instants.render(vote.at), method=vote.method, reason=vote.reason,
            )
            for vote in votes
        ),
    )  # fmt: skip


def _sentence(row: ApprovalRow, asked: dict[str, Any]) -> str:
    """What is asked, in words; amounts are minor units, since not every asset's digits are known here."""
    parts = [f"{row.maker} asks for {row.action}"]
    if asked.get("amount") is not None:
        parts.append(f"of {asked['amount']} minor units of {asked.get('asset', 'an asset')}")
    for name, word in (("payee", "to"), ("payment", "as payment"), ("on", "on")):
        if asked.get(name) and not (name == "on" and asked.get("payment") == asked["on"]):
            parts.append(f"{word} {asked[name]}")
    others = "one other person" if row.needed == 1 else f"{row.needed} other people"
    return f"{' '.join(parts)}; {others} must agree."
