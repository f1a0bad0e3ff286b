"""Composing a platform: databases by role, services on them, doors before services, routes before doors."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tallystick import __version__
from tallystick.apps.doors import opened
from tallystick.apps.identifying import IdentityDoors
from tallystick.apps.pages import console_of
from tallystick.apps.receipts import receipts
from tallystick.apps.working import Job, Jobs
from tallystick.audit import http as audit_http
from tallystick.audit.api import Audit
from tallystick.audit.model.policy import Policy, parse_policy
from tallystick.audit.service.door import AuditService
from tallystick.identity.api import Identity, TenantDirectory, Unauthenticated
from tallystick.identity.api.tokens import TokenNotAccepted
from tallystick.identity.http.access import GUARDED
from tallystick.identity.http.sessions import PROVEN
from tallystick.identity.service.edge import KeptAnswers, SharedBudgets
from tallystick.identity.service.keys import IdentityService, TenantDirectoryService
from tallystick.kernel.actions import Action
from tallystick.ledger import http as ledger_http
from tallystick.ledger import jobs as ledger_jobs
from tallystick.ledger.api import BATCH_ITEMS_MAX, Ledger, RefusalCode
from tallystick.ledger.model.sentences import sentence
from tallystick.ledger.service import LedgerService
from tallystick.payments import http as payments_http
from tallystick.payments import jobs as payments_jobs
from tallystick.payments.api import Payments
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import behalf, near
from tallystick.runtime.edge import Manners, build_app
from tallystick.runtime.limits import Limiter, Rate, Rates
from tallystick.runtime.proxies import Proxies
from tallystick.runtime.record import Pen
from tallystick.runtime.routes import Route
from tallystick.wallets import http as wallets_http
from tallystick.wallets import jobs as wallets_jobs
from tallystick.wallets.api import LEDGER as WALLETS_LEDGER
from tallystick.wallets.api import Wallets
from tallystick.wallets.service import WalletsService

# In the order in which their roads are walked.
CONTEXTS = ("audit", "identity", "ledger", "wallets", "payments")
OPERATOR = "tallystick_operator"
# Proving a large ledger again takes as long as it takes, within an hour a question.
OPERATOR_TIMEOUT_S = 3_600
# Every statement of ours goes by the index that gives its order, whatever the statistics of a young table say
# (a table of one row looks as quick to read by any index, and is a thousand rows long a second later), and is
# planned once: planning anew for each batch cost a third of the time of writing it.
PLANNING = {
    "enable_seqscan": "off",
    "enable_sort": "off",
    "plan_cache_mode": "force_generic_plan",
}

Hooks = Sequence[Callable[[], Awaitable[None]]]


class Platform:
    """Every context in one process, each on its own role, meeting at near doors."""

    def __init__(
        self,
        *,
        url: str,
        settings: Settings,
        batch_items_max: int = BATCH_ITEMS_MAX,
        ledger: Ledger | None = None,
    ) -> None:
        """``ledger`` is the door of another process, asked instead of the one here."""
        self._settings, self._clock = settings, SystemClock()
        self._has_ledger = ledger is None
        clock, mint = self._clock, Mint(self._clock)
        self.databases = {
            context: Database(
                url=url,
                role=f"tallystick_{context}",
                pool_size=settings.pool_size,
                settings=PLANNING,
            )
            for context in CONTEXTS
        }
        base = self.databases
        pens = {
            context: Pen(database=database, context=context, clock=clock)
            for context, database in base.items()
        }
        self.doors_of_identity = IdentityDoors(
            database=base["identity"], settings=settings, mint=mint, clock=clock
        )
        guard = self.doors_of_identity.guard
        manner = {"guard": guard, "wire": settings.wire_doors}
        self.identity = self.doors_of_identity.identity
        self._ledger = LedgerService(
            database=base["ledger"],
            mint=mint,
            pen=pens["ledger"],
            batch_items_max=batch_items_max,
        )
        self.ledger = ledger or near(Ledger, self._ledger, refusals=pens["ledger"], **manner)
        self._wallets = WalletsService(
            database=base["wallets"],
            mint=mint,
            clock=clock,
            ledger=behalf(Ledger, self.ledger, of="wallets"),
        )
        self.wallets = near(Wallets, self._wallets, refusals=pens["wallets"], **manner)
        self._payments = PaymentService(
            database=base["payments"],
            mint=mint,
            clock=clock,
            ledger=behalf(Ledger, self.ledger, of="payments"),
            wallets=behalf(Wallets, self.wallets, of="payments"),
            guard=guard,
        )
        self.payments = near(Payments, self._payments, refusals=pens["payments"], **manner)
        self.audit = near(
            Audit,
            AuditService(
                database=base["audit"], origin=settings.record_origin, policy=policy_of(settings)
            ),
            refusals=pens["audit"],
            **manner,
        )
        self._budgets = SharedBudgets(database=base["identity"])
        self._limits = Limiter(draw=self._budgets.draw, rates=rates_of(settings))
        self._manners = self._mannered(settings)
        self._jobs = Jobs(self._work(), guard=guard)

    def _mannered(self, settings: Settings) -> Manners:
        """How the edge meets requests besides their routes."""
        return Manners(
            limits=self._limits,
            answers=KeptAnswers(database=self.databases["identity"]),
            origins=settings.cors_origins,
            is_tls=bool(settings.tls_certificate),
            request_s=settings.request_seconds,
            proxies=Proxies(settings.trusted_proxies, written=(settings.country_header,)),
        )

    async def _forget_budgets(self) -> int:
        """Forget the budgets of requests that nobody draws on any more."""
        return await self._budgets.forget(self._limits.tenants)

    async def start(self) -> None:
        """Open the databases. Raises OSError when none answers, ServerTooOld when it is one we do not support."""
        for database in self.databases.values():
            await database.start()

    async def start_jobs(self) -> None:
        """Start what happens without being asked."""
        self._jobs.start()

    def _work(self) -> list[Job]:
        return [
            Job(
                "expire_holds",
                1,
                Action.LEDGER_HOLD_EXPIRE,
                partial(ledger_jobs.expire_holds, self._ledger),
            ),
            Job(
                "finish_wallets",
                10,
                Action.WALLETS_WALLET_FINISH,
                partial(wallets_jobs.finish_unfinished, self._wallets),
            ),
            Job(
                "finish_payments",
                5,
                Action.PAYMENTS_FILE_FINISH,
                partial(payments_jobs.finish_unfinished, self._payments),
            ),
            Job("forget_budgets", 60, Action.IDENTITY_PASSED_FORGET, self._forget_budgets),
        ]

    async def stop(self) -> None:
        """Let jobs end, then close the databases."""
        await self._jobs.stop()
        for database in self.databases.values():
            await database.stop()

    def app(
        self, *, extra_routes: Sequence[Route] = (), extra_hooks: tuple[Hooks, Hooks] = ((), ())
    ) -> Callable[..., Awaitable[None]]:
        """The ASGI application of all routes, which starts and stops the platform with itself.

        ``extra_routes`` and ``extra_hooks`` (at the start, at the end) are for measurements.
        """
        pages, site = console_of(
            ledger=self.ledger,
            wallets=self.wallets,
            payments=self.payments,
            audit=self.audit,
            identity=self.doors_of_identity,
            settings=self._settings,
            clock=self._clock,
        )
        routes = [
            *pages,
            *ledger_http.routes(self.ledger, reserved=((WALLETS_LEDGER, "wallets:"),)),
            *wallets_http.routes(self.wallets),
            *payments_http.routes(self.payments),
            *self.doors_of_identity.routes(),
            *audit_http.routes(
                self.audit, receipts=receipts(ledger=self.ledger, payments=self.payments)
            ),
            *opened(
                self._gates(),
                settings=self._settings,
                identity=self.databases["identity"],
                clock=self._clock,
            ),
            *extra_routes,
        ]
        return build_app(
            routes=routes,
            authenticate=self.doors_of_identity.authenticate(),
            title="Tallystick",
            version=__version__,
            ready=self._ready,
            problems=(Unauthenticated, TokenNotAccepted, *PROVEN, *GUARDED),
            glossary={code.value: sentence(code) for code in RefusalCode},
            on_start=(self.start, self.start_jobs, *extra_hooks[0]),
            on_stop=(*extra_hooks[1], self.stop),
            manners=replace(self._manners, pages=site),
        )

    def _gates(self) -> list[tuple[type, Any]]:
        """The doors that other processes may knock at."""
        return [
            *([(Ledger, self.ledger)] if self._has_ledger else []),
            (Wallets, self.wallets),
            (Payments, self.payments),
            (Audit, self.audit),
            (Identity, self.identity),
        ]

    async def _ready(self) -> None:
        async with self.databases["ledger"].without_tenant(read_only=True):
            return


def rates_of(settings: Settings) -> Rates:
    """The budgets of requests, as configured."""
    return Rates(
        tenant=Rate(settings.limit_tenant),
        client=Rate(settings.limit_client),
        address=Rate(settings.limit_address),
    )


def policy_of(settings: Settings) -> Policy:
    """Whose cosignatures a checkpoint needs: as configured, or nobody's. Raises ValueError, OSError."""
    if not settings.record_policy:
        return Policy.none()
    return parse_policy(Path(settings.record_policy).read_text("utf-8"))


def operator_database(url: str) -> Database:
    """The database as operators' jobs see it: reading only, patient."""
    return Database(url=url, role=OPERATOR, pool_size=2, statement_timeout_s=OPERATOR_TIMEOUT_S)


@asynccontextmanager
async def pen_of(url: str, context: str) -> AsyncIterator[Pen]:
    """What writes an entry of a context, for the commands of operators."""
    database = Database(url=url, role=f"tallystick_{context}", pool_size=1)
    await database.start()
    try:
        yield Pen(database=database, context=context, clock=SystemClock())
    finally:
        await database.stop()


def tenant_directory(database: Database) -> TenantDirectory:
    """The list of tenants, over the operator's database."""
    return TenantDirectoryService(database=database)


@asynccontextmanager
async def identity_on(url: str) -> AsyncIterator[Identity]:
    """Identity alone, for the commands of operators."""
    clock = SystemClock()
    database = Database(url=url, role="tallystick_identity", pool_size=1)
    await database.start()
    try:
        yield near(Identity, IdentityService(database=database, mint=Mint(clock), clock=clock))
    finally:
        await database.stop()


@asynccontextmanager
async def doors_of_identity_on(url: str, settings: Settings) -> AsyncIterator[IdentityDoors]:
    """All doors of identity, guarded, for the commands of operators."""
    clock = SystemClock()
    database = Database(url=url, role="tallystick_identity", pool_size=1)
    await database.start()
    try:
        yield IdentityDoors(database=database, settings=settings, mint=Mint(clock), clock=clock)
    finally:
        await database.stop()
