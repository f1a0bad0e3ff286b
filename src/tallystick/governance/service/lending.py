"""The clouds' credentials of one apply: asked for after it is written, taken back by their lease when it ends."""

from collections.abc import Mapping
from typing import Final

import structlog

from tallystick.governance.api import CredentialsNotAvailable, LeaseNotAccepted
from tallystick.governance.model.lending import CredentialsAway, Lent, fault_of
from tallystick.governance.service.ground import Ground
from tallystick.governance.store import applies as store
from tallystick.governance.store.rows import ApplyRow
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND

LEASE: Final = 15 * 60 * SECOND
LEASE_MAX: Final = 4 * 3_600 * SECOND
_SLACK: Final = 60 * SECOND
"""What a lease lost on its way here may lack of the longest apply."""

_log = structlog.get_logger("tallystick.governance")


class Lending:
    """Their home is a stranger: it is asked outside of every transaction, and what it lends is kept nowhere."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def lend(self, caller: Caller, row: ApplyRow) -> Mapping[str, str]:
        """The environment variables of an apply. Raises CredentialsNotAvailable, LeaseNotAccepted when it has ended."""
        if self._ground.credentials is None or not self._ground.lends_to(caller.tenant_id):
            return {}
        environment, _, cloud = row.estate.partition("-")
        try:
            lent = await self._ground.credentials.lend(
                cloud=cloud,
                environment=environment,
                purpose="apply",
                lease=row.apply_id,
                seconds=LEASE_MAX // SECOND,
            )
        except CredentialsAway as error:
            raise CredentialsNotAvailable(str(error)[:200]) from None
        if not await self._keep(caller, row, lent):
            await self._end(row.apply_id, lent.lease)
            raise LeaseNotAccepted("the lease of this apply ended before its credentials came")
        if fault := fault_of(lent, environment=environment, least=(LEASE_MAX - _SLACK) // SECOND):
            await self._end(row.apply_id, lent.lease)
            raise CredentialsNotAvailable(fault)
        return lent.variables

    async def take_back(self, row: ApplyRow) -> None:
        """Let exactly what was lent to an apply end; where its home is away, it ends by its own time."""
        await self._end(row.apply_id, row.credential_lease)

    async def _keep(self, caller: Caller, row: ApplyRow, lent: Lent) -> bool:
        """Keep by which lease an apply was lent credentials, never these; False when the apply has ended."""
        if lent.lease is None:
            return True
        async with self._ground.database.transaction(tenant_id=caller.tenant_id) as connection:
            return await store.keep_lease(
                connection,
                tenant_id=caller.tenant_id,
                apply_id=row.apply_id,
                lease=lent.lease,
                until=self._ground.clock.now() + lent.seconds * SECOND,
            )

    async def _end(self, apply_id: str, lease: str | None) -> None:
        if self._ground.credentials is None or lease is None:
            return
        try:
            await self._ground.credentials.take_back(lease=lease)
        except CredentialsAway as error:
            _log.warning("credentials_not_taken_back", apply=apply_id, error=str(error)[:200])
