"""The console on a platform: its doors, and how it is reached."""

from tallystick.apps import local
from tallystick.apps.identifying import IdentityDoors
from tallystick.audit.api import Audit
from tallystick.console.ground import Doors, Ground, Overseen
from tallystick.console.routes import console
from tallystick.governance.api import Governance
from tallystick.ledger.api import Ledger
from tallystick.payments.api import Payments
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.routes import Pages, Route
from tallystick.wallets.api import Wallets


def console_of(
    *,
    ledger: Ledger,
    wallets: Wallets,
    payments: Payments,
    audit: Audit,
    governance: Governance,
    identity: IdentityDoors,
    settings: Settings,
    clock: Clock,
    overseen: Overseen | None = None,
) -> tuple[list[Route], Pages]:
    """The routes of the console over these doors, and who says refusals in pages."""
    doors = Doors(
        ledger=ledger,
        wallets=wallets,
        payments=payments,
        audit=audit,
        governance=governance,
        identity=identity.identity,
        access=identity.asking,
        people=identity.people,
        rights=identity.rights,
        sign_in=identity.sign_in,
        sessions=identity.sessions,
        factors=identity.factors,
        approvals=identity.approvals,
        clients=identity.clients,
        providers=identity.providers,
    )
    return console(
        Ground(
            doors=doors,
            clock=clock,
            mint=Mint(clock),
            url=settings.console_url,
            relying_party=settings.relying_party[0],
            tenant=_tenant_here(settings),
            development=settings.development,
            country_header=settings.country_header,
            overseen=overseen,
        )
    )


def operators_of(settings: Settings) -> str:
    """The tenant whose people may see how the whole platform runs: as configured, else the demonstration's."""
    return settings.operator_tenant or _tenant_here(settings)


def _tenant_here(settings: Settings) -> str:
    """The demonstration's tenant, to fill in at sign-in on a development machine; '' elsewhere."""
    known = local.remembered() if settings.development else None
    return known.tenant if known else ""
