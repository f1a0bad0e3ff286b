"""Running and proving: up, serve, migrate, verify."""

import asyncio
import dataclasses
import os
from collections.abc import Iterable

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick import __version__
from tallystick.apps import demonstration, local, sequencing
from tallystick.apps import serve as serving
from tallystick.apps.compose import Platform, operator_database, pen_of
from tallystick.apps.development import back_to, issuer_of
from tallystick.apps.development_people import people
from tallystick.apps.parts import PARTS, Urls, contexts_of
from tallystick.identity.api import Authenticate as ProveKey
from tallystick.identity.api import (
    CreateKey,
    CreateTenant,
    ListTenants,
    Tenant,
    Unauthenticated,
)
from tallystick.identity.service.keys import TenantDirectoryService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of, tenant_name
from tallystick.kernel.instants import day_of
from tallystick.kernel.tags import Tag
from tallystick.ledger.api import Verification
from tallystick.ledger.service.verifying import verify as verify_books
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.database import Database
from tallystick.runtime.migrations import demand_walked
from tallystick.runtime.migrations import migrate as walk_roads
from tallystick.runtime.telemetry import configure_logging

OPERATOR = Caller(tenant_id=0, actor="operator")
TENANT_PAGES_MAX = 10_000

_out = Console()
_err = Console(stderr=True)


def up() -> None:
    """Set up everything and run the platform with a demonstration tenant, until Ctrl-C."""
    settings = _as_development(read_settings())
    local.demand_no_other_up()
    serving.demand_servable(settings)
    with local.only_up(), local.databases(settings) as urls:
        _err.print("[dim]database ready, bringing its schema up to date …[/]")
        applied = asyncio.run(walk(urls))
        known = asyncio.run(_prepare(urls, settings))
        _greet(settings, known, applied)
        with sequencing.sequencer_beside(url=urls.url, settings=settings):
            _serve(urls, settings)
            _err.print("\n[dim]stopping …[/]")
    _err.print("stopped.")


def _as_development(settings: Settings) -> Settings:
    """The demonstration's settings: on one machine it has the development issuer. Raises ValueError in production."""
    if settings.environment == "production":
        raise ValueError(
            "`tallystick up` is a demonstration and TALLYSTICK_ENVIRONMENT is production: use `tallystick serve`"
        )
    if not settings.is_of_one_machine or settings.tls_certificate:
        return settings
    # The serving process reads its settings by itself.
    os.environ["TALLYSTICK_DEVELOPMENT"] = "1"
    return dataclasses.replace(settings, development=True)


def serve(
    only: str = typer.Option(
        "",
        "--only",
        help="These parts alone, with commas between them: "
        f"{', '.join(PARTS)}. Where the others are says TALLYSTICK_DOOR_URLS.",
    ),
) -> None:
    """Serve the platform, or parts of it, on a database that is up to date, until SIGINT or SIGTERM."""
    if only:
        # The serving process reads its settings by itself.
        os.environ["TALLYSTICK_ONLY"] = only
    settings = read_settings()
    serving.demand_servable(settings)
    with local.databases(settings) as urls:
        asyncio.run(_demand_schema(urls, settings))
        _serve(urls, settings)


def _serve(urls: Urls, settings: Settings) -> None:
    serving.serve(
        database_url=urls.url,
        host=settings.host,
        port=settings.port,
        files=serving.files_of(settings),
    )


def sequence(
    ends_with: int = typer.Option(
        None,
        "--ends-with",
        help="End when the process of this number does, which started this one.",
    ),
    adopt: bool = typer.Option(
        False, "--adopt", help="Go on although the database was moved to another PostgreSQL."
    ),
) -> None:
    """Give every entry its place in the record, sign and publish it, until SIGINT or SIGTERM.

    Several may run: one of them writes, and another takes over within seconds when it is gone.
    """
    settings = read_settings()
    configure_logging(settings.log_level)
    # Wherever parts are served, the record is of all of them.
    with local.databases(dataclasses.replace(settings, only=())) as urls:
        sequencing.run_until_told(urls=urls, settings=settings, ends_with=ends_with, adopts=adopt)


def migrate(
    pre: bool = typer.Option(
        False, "--pre", help="Only what the release before can live with; the rest once it is gone."
    ),
) -> None:
    """Bring the databases of the contexts here to the schema of this version."""
    with local.databases(read_settings()) as urls:
        applied = asyncio.run(walk(urls, post=not pre))
    _out.print("\n".join(applied) or "nothing to do: the schema is up to date")


def verify(
    tenant: str = typer.Option(
        "", "--tenant", help="Only this tenant (tnt_…); all of them without."
    ),
) -> None:
    """Prove every balance again from the entries, read-only; exit code 1 when something does not hold."""
    with local.databases(read_settings(), must_exist=True) as urls:
        found = asyncio.run(_verify(urls, tenant))
    _report(found)
    if any(verification.damage for _, verification in found):
        raise typer.Exit(1)


async def walk(urls: Urls, *, post: bool = True) -> list[str]:
    """Bring the databases of the contexts here to the schema of this version, and write down what was applied."""
    applied, contexts = list[str](), contexts_of(read_settings())
    for url, inside in urls.by_url(contexts).items():
        applied += await walk_roads(url=url, contexts=inside, post=post)
    # Where nobody says where audit's tables are, it stands in `runtime.migration` alone.
    if applied and ("audit" in contexts or "audit" in urls.own):
        async with pen_of(urls, "audit") as pen:
            await pen.note(
                caller=OPERATOR,
                tag=Tag.AUDIT_SCHEMA_MIGRATE,
                on="audit:schema",
                content={"applied": applied, "version": __version__},
            )
    return applied


async def _demand_schema(urls: Urls, settings: Settings) -> None:
    """End with one line now, where a serving process would log the same failure again and again."""
    platform = Platform(url=urls.url, settings=settings)
    await platform.start()
    try:
        for context, database in platform.databases.items():
            await demand_walked(database, context=context)
    finally:
        await platform.stop()


async def _prepare(urls: Urls, settings: Settings) -> local.Remembered:
    platform = Platform(url=urls.url, settings=settings)
    await platform.start()
    try:
        known = local.remembered()
        if known is None or not await _is_in_force(platform, known):
            known = await _new_tenant(platform, settings)
        known = msgspec.structs.replace(known, url=_address(settings))
        local.remember(known)
        caller = await platform.identity.authenticate(
            caller=OPERATOR, message=ProveKey(key=known.key)
        )
        await demonstration.prepare(platform, caller=caller)
        if settings.development:
            operator = Caller(tenant_id=caller.tenant_id, actor=OPERATOR.actor)
            await demonstration.people(
                platform, caller=operator, issuer=issuer_of(settings), back=back_to(settings)
            )
        return known
    finally:
        await platform.stop()


async def _is_in_force(platform: Platform, known: local.Remembered) -> bool:
    try:
        await platform.identity.authenticate(caller=OPERATOR, message=ProveKey(key=known.key))
    except Unauthenticated:
        return False
    return True


async def _new_tenant(platform: Platform, settings: Settings) -> local.Remembered:
    tenant = await platform.identity.create_tenant(
        caller=OPERATOR, message=CreateTenant(name="Demonstration")
    )
    caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
    message = CreateKey(label="make up", roles=demonstration.KEY_ROLES)
    key = await platform.identity.create_key(caller=caller, message=message)
    return local.Remembered(tenant.tenant, key.key, _address(settings))


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{host}:{settings.port}"


def _greet_people(settings: Settings) -> None:
    """Say where people sign in with a browser, and with what: the secrets are for an app that shows codes."""
    _out.print(f"the console, for people at a browser: {settings.console_url}", highlight=False)
    for name, one in people().items():
        _out.print(
            f"  {name:18}password {one.password}  codes {one.secret}",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )


def _greet(settings: Settings, known: local.Remembered, applied: list[str]) -> None:
    url = _address(settings)
    lines = {
        "the API, as a page": f"{url}/docs",
        "tenant": known.tenant,
        "its key is kept in": str(local.remembered_file()),
    }
    _out.print(f"\n[bold]Tallystick[/] runs at [bold]{url}[/]", highlight=False)
    _out.print(
        f"[dim]{len(applied)} migrations applied[/]" if applied else "[dim]schema as before[/]"
    )
    for name, text in lines.items():
        _out.print(f"{name:20}{escape(text)}", highlight=False, soft_wrap=True)
    if settings.development:
        _greet_people(settings)
    today = day_of(SystemClock().now())
    _out.print("\nTry, in another terminal:")
    for line in (
        "pay examples/pay-supplier.pain.001.001.09.xml",
        "wallet list",
        "login --as bookkeeper",
        f"statement DE89370400440532013000 --from {today:%Y}-01-01 --to {today:%Y}-12-31",
        "verify",
    ):
        _out.print(f"  .venv/bin/tallystick {line}", highlight=False, soft_wrap=True)
    _out.print("\nCtrl-C stops it; the data stay for the next time.\n")


async def _verify(urls: Urls, tenant: str) -> list[tuple[str, Verification]]:
    names = [known.tenant for known in await list_tenants(urls)]
    database = operator_database(urls.of("ledger"))
    await database.start()
    try:
        if tenant and tenant_name(tenant_id_of(tenant)) not in names:
            # "It holds" must never be the answer to a name that was mistyped.
            raise ValueError(f"there is no tenant {tenant}: `tallystick tenant list` shows them")
        names = [tenant] if tenant else names
        found: list[tuple[str, Verification]] = []
        with _err.status("asking the laws of the books …") as status:
            for name in names:
                verification = await verify_books(
                    database,
                    tenant_id=tenant_id_of(name),
                    progress=lambda law, name=name: status.update(f"{name} · {law}"),
                )
                found.append((name, verification))
        return found
    finally:
        await database.stop()


async def list_tenants(urls: Urls) -> list[Tenant]:
    """Walk all tenants, as the operator."""
    database = operator_database(urls.of("identity"))
    await database.start()
    try:
        return await _tenants(database)
    finally:
        await database.stop()


async def _tenants(database: Database) -> list[Tenant]:
    directory, after, found = TenantDirectoryService(database=database), None, []
    for _ in range(TENANT_PAGES_MAX):
        page = await directory.tenants(caller=OPERATOR, message=ListTenants(after=after, limit=200))
        found += page.items
        after = page.after
        if after is None:
            return found
    raise ValueError("more tenants than one walk covers; name one with --tenant")


def _report(found: Iterable[tuple[str, Verification]]) -> None:
    table = Table("tenant", "accounts", "transactions", "entries", "holds", "verdict")
    for column in table.columns[1:5]:
        column.justify = "right"
    laws: tuple[str, ...] = ()
    for name, verification in found:
        laws = verification.laws
        verdict = "[green]holds[/]" if not verification.damage else "[red]DAMAGED[/]"
        counts = (
            verification.accounts,
            verification.transactions,
            verification.entries,
            verification.holds,
        )
        table.add_row(name, *(f"{count:,}" for count in counts), verdict)
    _out.print(table)
    _out.print("Asked of each ledger:")
    for law in laws:
        _out.print(f"  · {law}", highlight=False)
    for name, verification in found:
        for damage in verification.damage:
            _out.print(
                f"[red]{name}: not so: {escape(damage.law)}[/]\n    {escape(damage.where)}\n"
                f"    expected {escape(damage.expected)}, found {escape(damage.found)}",
                highlight=False,
                soft_wrap=True,
            )
