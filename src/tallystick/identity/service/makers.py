"""Who is behind a key or client, for whoever must know whose voice it is."""

from tallystick.identity.api.access import Behind, BehindOf
from tallystick.identity.store import makers
from tallystick.kernel.callers import Caller
from tallystick.runtime.database import Database


class MakersKnown:
    """The part of the door of decisions that tells makers."""

    _database: Database

    async def behind(self, *, caller: Caller, message: BehindOf) -> Behind:
        """Tell who is behind a key or client."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            people = await makers.people_behind(
                connection, tenant_id=caller.tenant_id, holders=[message.holder]
            )
        return Behind(people=tuple(sorted(people)))
