"""What the tables of people, rights, decisions and approvals say was done, to be compared with the record."""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

import msgspec

from tallystick.identity.model import deeds_of_access as deeds
from tallystick.identity.model import deeds_of_factors
from tallystick.identity.model.standing import Rule
from tallystick.identity.store.access import CONTEXT, DecisionRow, decided, delegation_of
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection
from tallystick.runtime.record import SOMEBODY
from tallystick.runtime.sql import queries

ROWS_AT_ONCE_MAX = 5_000
TAGS: Final = frozenset(
    {
        Tag.IDENTITY_PERSON_ADD,
        Tag.IDENTITY_ROLE_MAKE,
        Tag.IDENTITY_ROLE_END,
        Tag.IDENTITY_ROLE_GIVE,
        Tag.IDENTITY_ROLE_TAKE,
        Tag.IDENTITY_DELEGATION_GIVE,
        Tag.IDENTITY_DELEGATION_TAKE,
        Tag.IDENTITY_RULE_SET,
        Tag.IDENTITY_DECISION_MAKE,
        Tag.IDENTITY_APPROVAL_ASK,
        Tag.IDENTITY_APPROVAL_GIVE,
        Tag.IDENTITY_APPROVAL_REJECT,
    }
)
_SQL = queries(CONTEXT, "recorded")

_Acts = AsyncGenerator[list[tuple[Deed, bool]], None]
Source = Callable[..., _Acts]
_Row = Mapping[str, Any]


def source(name: str, deed_of: Callable[[_Row], Deed]) -> Source:
    """Make what reads the acts that one statement tells of; the connection is an operator's."""

    async def read(
        connection: Connection, *, tenant_id: int, since: Instant, until: Instant
    ) -> _Acts:
        cursor = await connection.cursor(_SQL[name], tenant_id, since, until)
        while rows := await cursor.fetch(ROWS_AT_ONCE_MAX):
            yield [(deed_of(row), True) for row in rows]

    return read


def _by(actor: str) -> Caller:
    """Whoever a row says did it."""
    return msgspec.structs.replace(SOMEBODY, actor=actor)


def _person(row: _Row) -> Deed:
    return deeds.person(row["person_id"], name=row["name"], at=row["created_at"], caller=SOMEBODY)


def _role(row: _Row) -> Deed:
    return deeds.role(
        row["role"],
        title=row["title"],
        bundles=row["bundles"],
        at=row["created_at"],
        caller=SOMEBODY,
    )


def _giving(row: _Row) -> Deed:
    return deeds.giving(
        row["membership_id"],
        holder=row["holder"],
        role=row["role"],
        from_at=row["from_at"],
        until_at=row["until_at"],
        at=row["given_at"],
        caller=_by(row["given_by"]),
    )


def _delegation(row: _Row) -> Deed:
    return deeds.delegation(delegation_of(row), at=row["given_at"], caller=_by(row["given_by"]))


def _rule(row: _Row) -> Deed:
    names = set(Rule.__struct_fields__)
    wanted = msgspec.convert({name: row[name] for name in names}, Rule)
    return deeds.rule(row["number"], wanted, at=row["set_at"], caller=_by(row["set_by"]))


def _decision(row: _Row) -> Deed:
    return decided(DecisionRow(**dict(row)), caller=SOMEBODY)


def _approval(row: _Row) -> Deed:
    return deeds_of_factors.approval(
        Tag.IDENTITY_APPROVAL_ASK,
        row["approval_id"],
        caller=_by(row["maker"]),
        at=row["created_at"],
        content={
            "action": row["action"],
            "digest": row["digest"].hex(),
            "needed": row["needed"],
        },
        texts={"asked": row["asked"]},
    )


def _vote(row: _Row) -> Deed:
    is_good = row["verdict"] == "approved"
    return deeds_of_factors.approval(
        Tag.IDENTITY_APPROVAL_GIVE if is_good else Tag.IDENTITY_APPROVAL_REJECT,
        row["approval_id"],
        caller=_by(row["person_id"]),
        at=row["at"],
        content={"digest": row["digest"].hex(), "method": row["method"]},
        texts=None if row["reason"] is None else {"reason": row["reason"]},
    )


def _end(tag: Tag, name: str) -> Callable[[_Row], Deed]:
    """Make what tells of the end of something, by the column of its id."""
    return lambda row: deeds.change(tag, row[name], at=row["ended_at"], caller=SOMEBODY)


SOURCES: Final[tuple[Source, ...]] = (
    source("people", _person),
    source("roles", _role),
    source("ends_of_roles", _end(Tag.IDENTITY_ROLE_END, "role")),
    source("memberships", _giving),
    source("ends_of_memberships", _end(Tag.IDENTITY_ROLE_TAKE, "membership_id")),
    source("delegations", _delegation),
    source("ends_of_delegations", _end(Tag.IDENTITY_DELEGATION_TAKE, "delegation_id")),
    source("rules", _rule),
    source("decisions", _decision),
    source("approvals", _approval),
    source("votes", _vote),
)
