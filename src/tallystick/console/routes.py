"""Every page of the console, put together."""

from tallystick.console.ground import Ground
from tallystick.console.pages import (
    accounts,
    acts,
    approvals,
    clouds,
    consents,
    delegations,
    factors,
    files,
    me,
    operator,
    overview,
    pay,
    payments,
    people,
    receipts,
    record,
    roles,
    signing_in,
    statements,
    stepping_up,
    transactions,
    wallets,
    why,
)
from tallystick.console.site import Place, Site
from tallystick.kernel.actions import Action
from tallystick.runtime.routes import Pages, Route

MENU = (
    Place(key="menu.overview", path="/"),
    Place(
        key="menu.accounts",
        path="/accounts",
        also=("/wallets", "/open-wallet", "/transactions"),
        action=Action.LEDGER_ACCOUNT_READ,
    ),
    Place(key="menu.pay", path="/pay", also=("/payments", "/files")),
    Place(key="menu.approvals", path="/approvals"),
    Place(key="menu.acts", path="/acts"),
    Place(
        key="menu.people",
        path="/people",
        also=("/roles", "/rule", "/why"),
        action=Action.IDENTITY_PERSON_READ,
    ),
    Place(key="menu.record", path="/record", action=Action.AUDIT_ENTRY_READ),
    Place(key="menu.clouds", path="/clouds", action=Action.GOVERNANCE_CLOUD_READ),
    Place(key="menu.operator", path="/operator", action=Action.AUDIT_PLATFORM_READ),
)


def console(ground: Ground) -> tuple[list[Route], Pages]:
    """The routes of all pages, and who says refusals where there is no route."""
    site = Site(ground, menu=MENU)
    routes = [
        *site.statics.routes(site),
        *signing_in.routes(site),
        *stepping_up.routes(site),
        *me.routes(site),
        *factors.routes(site),
        *consents.routes(site),
        *overview.routes(site),
        *accounts.routes(site),
        *pay.routes(site),
        *payments.routes(site),
        *files.routes(site),
        *approvals.routes(site),
        *acts.routes(site),
        *transactions.routes(site),
        *wallets.routes(site),
        *statements.routes(site),
        *people.routes(site),
        *delegations.routes(site),
        *roles.routes(site),
        *why.routes(site),
        *record.routes(site),
        *receipts.routes(site),
        *clouds.routes(site),
        *operator.routes(site),
    ]
    return routes, site
