"""What many people hold, in two questions however many they are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tallystick.identity.model.standing import Delegation
from tallystick.identity.store.access import CONTEXT, BundlesOf, delegation_of
from tallystick.kernel.instants import Instant
from tallystick.runtime.database import Connection
from tallystick.runtime.sql import queries

SHOWN_MAX: Final = 5
"""So many delegations of each are read; the others are counted."""
_SQL = queries(CONTEXT, "holdings")


class Holdings(NamedTuple):
    """The roles somebody holds now, by name with the title of the tenant's own, and what was delegated to them."""

    roles: dict[str, str]
    delegations: list[Delegation]
    in_all: int


async def of(
    connection: Connection,
    *,
    tenant_id: int,
    holders: Sequence[str],
    now: Instant,
    bundles_of: BundlesOf,
) -> dict[str, Holdings]:
    """Read what each of these holds now. A role of the tenant's own that has ended is no role."""
    found = {holder: Holdings({}, [], 0) for holder in holders}
    if not found:
        return found
    for row in await connection.fetch(_SQL["roles_of"], tenant_id, list(found), now):
        if row["title"] is not None or bundles_of(row["role"]) is not None:
            found[row["holder"]].roles[row["role"]] = row["title"] or ""
    rows = await connection.fetch(_SQL["delegations_of"], tenant_id, list(found), now, SHOWN_MAX)
    for row in rows:
        held = found[row["holder"]]
        held.delegations.append(delegation_of(row))
        found[row["holder"]] = held._replace(in_all=row["in_all"])
    return found


async def name_of(connection: Connection, *, tenant_id: int, holder: str) -> str | None:
    """What a person, key or client is called, None for whom the tenant does not know."""
    return await connection.fetchval(_SQL["name_of"], tenant_id, holder)
