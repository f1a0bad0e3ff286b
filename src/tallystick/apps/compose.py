"""Composing a platform: databases by role, services on them, doors before services, routes before doors."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tallystick import __version__
from tallystick.apps.clouds import governance_of, note_overdue
from tallystick.apps.doors import FarDoors, opened
from tallystick.apps.explaining import GLOSSARY, PROBLEMS
from tallystick.apps.identifying import FarIdentity, IdentityDoors, NearIdentity
from tallystick.apps.overseeing import Overseer, metrics_route
from tallystick.apps.pages import console_of, operators_of
from tallystick.apps.parts import CONTEXTS, EDGE, Urls, contexts_of, parts_of, urls_of
from tallystick.apps.receipts import receipts
from tallystick.apps.substitutes import Substitutes
from tallystick.apps.trying import Ground as TrialGround
from tallystick.apps.working import Job, Jobs
from tallystick.audit import http as audit_http
from tallystick.audit.api import Audit
from tallystick.audit.model.policy import Policy, parse_policy
from tallystick.audit.service.door import AuditService
from tallystick.governance import http as governance_http
from tallystick.governance.api import Governance
from tallystick.identity.api import Identity
from tallystick.identity.http.edge import KeptAnswers, SharedBudgets
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel.actions import Action
from tallystick.ledger import http as ledger_http
from tallystick.ledger import jobs as ledger_jobs
from tallystick.ledger.api import BATCH_ITEMS_MAX, Ledger
from tallystick.ledger.service import LedgerService
from tallystick.payments import http as payments_http
from tallystick.payments import jobs as payments_jobs
from tallystick.payments.api import Payments
from tallystick.payments.service import PaymentService
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import behalf, near
from tallystick.runtime.draining import Draining
from tallystick.runtime.edge import Manners, build_app
from tallystick.runtime.limits import Limiter, Rate, Rates
from tallystick.runtime.measures import Measures
from tallystick.runtime.openapi import all_problems
from tallystick.runtime.proxies import Proxies
from tallystick.runtime.record import Pen
from tallystick.runtime.routes import Route
from tallystick.wallets import http as wallets_http
from tallystick.wallets import jobs as wallets_jobs
from tallystick.wallets.api import LEDGER as WALLETS_LEDGER
from tallystick.wallets.api import Wallets
from tallystick.wallets.service import WalletsService

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

Door = TypeVar("Door")
Hooks = Sequence[Callable[[], Awaitable[None]]]


class Platform:
    """The parts that are in this process, each context on its own role; they meet at doors, near or far."""

    def __init__(
        self,
        *,
        url: str,
        settings: Settings,
        batch_items_max: int = BATCH_ITEMS_MAX,
    ) -> None:
        """``url`` is the database of every context that ``settings`` give none of its own.

        Raises ValueError for parts that cannot be composed.
        """
        self._settings, self._clock = settings, SystemClock()
        self._parts = parts_of(settings)
        self._mint, self._batch_items_max = Mint(self._clock), batch_items_max
        urls = urls_of(url, settings)
        self.databases = {
            context: Database(
                url=urls.of(context),
                role=f"tallystick_{context}",
                pool_size=settings.pool_size,
                settings=PLANNING,
            )
            for context in contexts_of(settings)
        }
        self._far = FarDoors(settings=settings, clock=self._clock)
        self._measures = Measures()
        self._work: list[Job] = []
        self._open: list[tuple[type, Any]] = []
        self.doors_of_identity = self._stand_identity()
        self.identity = self.doors_of_identity.identity
        self._guard = self.doors_of_identity.guard
        self.substitutes = self._substituting()
        # Each context after those whose doors it asks.
        self.ledger = self._stand_ledger()
        self.wallets = self._stand_wallets()
        self.payments = self._stand_payments()
        self.governance = self._stand_governance()
        self.audit = self._stand_audit()
        self._work += self.substitutes.jobs()
        self._pages: list[Route] = []
        self._overseer = Overseer(
            measures=self._measures,
            databases=self.databases,
            far=self._far,
            tenant=partial(operators_of, settings),
            problems=self._explained,
        )
        self._manners = self._mannered() if EDGE in self._parts else Manners()
        self._jobs = Jobs(self._work, guard=self._guard)
        self._jobs.watched_by(self._measures)

    def _stand_identity(self) -> IdentityDoors:
        ground = {"settings": self._settings, "clock": self._clock}
        if "identity" not in self._parts:
            return FarIdentity(at=partial(self._far.at, "identity"), **ground)
        database = self.databases["identity"]
        doors = NearIdentity(database=database, mint=self._mint, **ground)
        self._open += doors.gates()
        self._do("forget_budgets", 60, Action.IDENTITY_PASSED_FORGET, doors.forget_budgets)
        return doors

    def _substituting(self) -> Substitutes:
        doors = self.doors_of_identity
        made = Substitutes(
            settings=self._settings,
            serving=doors.serving,
            ground=TrialGround(serving=doors.serving, doors=partial(getattr, self)),
            clock=self._clock,
            mint=self._mint,
        )
        doors.switched.append(made.table.forget)
        return made

    def _stand_ledger(self) -> Ledger:
        if "ledger" not in self._parts:
            return self._far.at("ledger", Ledger)
        service = LedgerService(
            database=self.databases["ledger"],
            mint=self._mint,
            pen=self._pen("ledger"),
            batch_items_max=self._batch_items_max,
        )
        expire = partial(ledger_jobs.expire_holds, service)
        self._measures.gauge("writer_queue", service.queued)
        self._do("expire_holds", 1, Action.LEDGER_HOLD_EXPIRE, expire)
        return self._stood("ledger", Ledger, service)

    def _stand_wallets(self) -> Wallets:
        if "wallets" not in self._parts:
            return self._far.at("wallets", Wallets)
        ledger = behalf(Ledger, self.ledger, of="wallets")
        service = WalletsService(
            database=self.databases["wallets"], mint=self._mint, clock=self._clock, ledger=ledger
        )
        finish = partial(wallets_jobs.finish_unfinished, service)
        self._do("finish_wallets", 10, Action.WALLETS_WALLET_FINISH, finish)
        return self._stood("wallets", Wallets, service, ledger=ledger)

    def _stand_payments(self) -> Payments:
        if "payments" not in self._parts:
            return self._far.at("payments", Payments)
        asked: dict[str, Any] = {
            "ledger": behalf(Ledger, self.ledger, of="payments"),
            "wallets": behalf(Wallets, self.wallets, of="payments"),
        }
        service = PaymentService(
            database=self.databases["payments"],
            mint=self._mint,
            clock=self._clock,
            guard=self._guard,
            **asked,
        )
        self.finish_payments = finish = partial(payments_jobs.finish_unfinished, service)
        self._do("finish_payments", 5, Action.PAYMENTS_FILE_FINISH, finish)
        return self._stood("payments", Payments, service, **asked)

    def _stand_governance(self) -> Governance:
        if "governance" not in self._parts:
            return self._far.at("governance", Governance)
        ground: dict[str, Any] = {"clock": self._clock, "mint": self._mint}
        access, database = self.doors_of_identity.asking, self.databases["governance"]
        service = governance_of(self._settings, database, access=access, **ground)
        self._do("note_overdue", 30, Action.GOVERNANCE_OVERDUE_NOTE, partial(note_overdue, service))
        return self._stood("governance", Governance, service)

    def _stand_audit(self) -> Audit:
        if "audit" not in self._parts:
            return self._far.at("audit", Audit)
        settings = self._settings
        service = AuditService(
            database=self.databases["audit"],
            origin=settings.record_origin,
            policy=policy_of(settings),
        )
        return self._stood("audit", Audit, service)

    def _stood(self, context: str, door: type[Door], service: Door, **asked: Any) -> Door:
        """A context's service behind its door, which other processes may knock at too.

        ``asked`` are the doors that it asks, and that whoever stands in for it asks.
        """
        gate = near(
            door,
            self.substitutes.stand(context, door, service, pen=self._pen(context), doors=asked),
            refusals=self._pen(context),
            guard=self._guard,
            wire=self._settings.wire_doors,
        )
        self._open.append((door, gate))
        return gate

    def _pen(self, context: str) -> Pen:
        return Pen(database=self.databases[context], context=context, clock=self._clock)

    def _do(
        self, name: str, pause_s: float, action: Action, work: Callable[[], Awaitable[int]]
    ) -> None:
        self._work.append(Job(name, pause_s, action, work))

    def _mannered(self) -> Manners:
        """How the edge meets requests besides their routes, with the console among them."""
        settings, shared = self._settings, self.doors_of_identity.edge
        self._pages, site = console_of(
            ledger=self.ledger,
            wallets=self.wallets,
            payments=self.payments,
            audit=self.audit,
            governance=self.governance,
            identity=self.doors_of_identity,
            settings=settings,
            clock=self._clock,
            overseen=self._overseer,
        )
        tenant, client, address = (
            settings.limit_tenant,
            settings.limit_client,
            settings.limit_address,
        )
        rates = Rates(tenant=Rate(tenant), client=Rate(client), address=Rate(address))
        limits = Limiter(draw=SharedBudgets(shared).draw, rates=rates)
        self._measures.gauge("budgets_spent", limits.spent)
        return Manners(
            limits=limits,
            measures=self._measures,
            answers=KeptAnswers(shared),
            origins=settings.cors_origins,
            is_tls=bool(settings.tls_certificate),
            request_s=settings.request_seconds,
            proxies=Proxies(settings.trusted_proxies, written=(settings.country_header,)),
            pages=site,
        )

    async def start(self) -> None:
        """Open the databases. Raises OSError when none answers, ServerTooOld when it is one we do not support."""
        for database in self.databases.values():
            await database.start()

    async def start_jobs(self) -> None:
        """Start what happens without being asked."""
        self._jobs.start()

    async def stop(self) -> None:
        """Let jobs end, then close connections and databases."""
        await self._jobs.stop()
        await self.substitutes.stop()
        await self._far.stop()
        for database in self.databases.values():
            await database.stop()

    def app(
        self,
        *,
        draining: Draining | None = None,
        extra_routes: Sequence[Route] = (),
        extra_hooks: tuple[Hooks, Hooks] = ((), ()),
    ) -> Callable[..., Awaitable[None]]:
        """The ASGI application of all routes, which starts and stops the platform with itself.

        With ``draining`` the process is stopped by SIGTERM in two steps. ``extra_routes`` and ``extra_hooks`` (at the
        start, at the end) are for measurements.
        """
        watching = (draining.watch,) if draining else ()
        routes = [
            *(self.edge_routes() if EDGE in self._parts else ()),
            *self._pages,
            *(self._metrics() if EDGE in self._parts else ()),
            *opened(
                self._open, settings=self._settings, databases=self.databases, clock=self._clock
            ),
            *extra_routes,
        ]
        return build_app(
            routes=routes,
            authenticate=self.doors_of_identity.authenticate(),
            title="Tallystick",
            version=__version__,
            ready=self._ready,
            problems=PROBLEMS,
            glossary=GLOSSARY,
            on_start=(*watching, self.start, self.start_jobs, *extra_hooks[0]),
            on_stop=(*extra_hooks[1], self.stop),
            manners=replace(self._manners, draining=draining),
        )

    def edge_routes(self) -> list[Route]:
        """All that faces people and programs over HTTP: each room is handed doors, near or far."""
        return [
            *ledger_http.routes(self.ledger, reserved=((WALLETS_LEDGER, "wallets:"),)),
            *wallets_http.routes(self.wallets),
            *payments_http.routes(self.payments),
            *governance_http.routes(self.governance),
            *self.doors_of_identity.routes(),
            *audit_http.routes(
                self.audit, receipts=receipts(ledger=self.ledger, payments=self.payments)
            ),
        ]

    def _metrics(self) -> list[Route]:
        authenticate = self.doors_of_identity.authenticate()
        return [metrics_route(self._overseer, authenticate=authenticate, guard=self._guard)]

    def _explained(self) -> dict[str, Any]:
        return all_problems(self.edge_routes(), PROBLEMS, GLOSSARY)

    async def _ready(self) -> None:
        """Ask each database that is used here once."""
        for database in {one.url: one for one in self.databases.values()}.values():
            async with database.without_tenant(read_only=True):
                continue


def policy_of(settings: Settings) -> Policy:
    """Whose cosignatures a checkpoint needs: as configured, or nobody's. Raises ValueError, OSError."""
    if not settings.record_policy:
        return Policy.none()
    return parse_policy(Path(settings.record_policy).read_text("utf-8"))


def operator_database(url: str) -> Database:
    """A database as operators' jobs see it: reading only, patient."""
    return Database(url=url, role=OPERATOR, pool_size=2, statement_timeout_s=OPERATOR_TIMEOUT_S)


def apart(urls: Urls, make: Callable[[str], Database]) -> tuple[Database, dict[str, Database]]:
    """The database of the record, and by context those of contexts that are in another; each is made once."""
    made = {url: make(url) for url in urls.by_url(CONTEXTS)}
    record = urls.of("audit")
    own = {one: made[urls.of(one)] for one in CONTEXTS if urls.of(one) != record}
    return made[record], own


@asynccontextmanager
async def pen_of(urls: Urls, context: str) -> AsyncIterator[Pen]:
    """What writes an entry of a context, for the commands of operators."""
    async with _database_of(urls, context) as database:
        yield Pen(database=database, context=context, clock=SystemClock())


@asynccontextmanager
async def identity_on(urls: Urls) -> AsyncIterator[Identity]:
    """Identity alone, for the commands of operators."""
    clock = SystemClock()
    async with _database_of(urls, "identity") as database:
        yield near(Identity, IdentityService(database=database, mint=Mint(clock), clock=clock))


@asynccontextmanager
async def doors_of_identity_on(urls: Urls, settings: Settings) -> AsyncIterator[IdentityDoors]:
    """All doors of identity, guarded, for the commands of operators."""
    clock = SystemClock()
    async with _database_of(urls, "identity") as database:
        yield NearIdentity(database=database, settings=settings, mint=Mint(clock), clock=clock)


@asynccontextmanager
async def _database_of(urls: Urls, context: str) -> AsyncIterator[Database]:
    database = Database(url=urls.of(context), role=f"tallystick_{context}", pool_size=1)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()
