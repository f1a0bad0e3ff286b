"""What governance stands on in this process: its database, the platform's policies, and the strangers it asks."""

import os
from collections.abc import Sequence

from tallystick.apps.pages import operators_of
from tallystick.governance.adapters.lending import lender_of
from tallystick.governance.adapters.repository import Repository
from tallystick.governance.adapters.rules import PolicyFolder
from tallystick.governance.jobs import note_overdue
from tallystick.governance.service import GovernanceService
from tallystick.governance.service.ground import Ground
from tallystick.identity.api.access import Access, BehindOf
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_name
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen

__all__ = ["governance_of", "note_overdue"]


def governance_of(
    settings: Settings,
    database: Database,
    *,
    clock: Clock,
    mint: Mint,
    access: Access,
) -> GovernanceService:
    """Stand it. The clouds' credentials are lent to the tenant that runs the platform, and to no other.

    Raises ValueError for settings of credentials that cannot be used.
    """

    async def behind(caller: Caller, author: str) -> Sequence[str]:
        return (await access.behind(caller=caller, message=BehindOf(author))).people

    place = settings.cloud_repository
    repository = Repository(place=place, branch=settings.cloud_branch) if place else None
    return GovernanceService(
        Ground(
            database=database,
            clock=clock,
            mint=mint,
            pen=Pen(database=database, context="governance", clock=clock),
            policies=PolicyFolder(),
            head=repository.head if repository else None,
            credentials=lender_of(os.environ),
            behind=behind,
            lends_to=lambda tenant_id: (
                tenant_id != 0 and tenant_name(tenant_id) == operators_of(settings)
            ),
        )
    )
