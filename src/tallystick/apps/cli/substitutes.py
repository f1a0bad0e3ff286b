"""Which implementation serves a tenant: over the API, or as an operator who reaches the database."""

import asyncio
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.apps import local
from tallystick.apps.cli.asking import ask
from tallystick.apps.cli.operating import OPERATOR, walk
from tallystick.apps.compose import doors_of_identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api.substitutions import (
    Differences,
    ListStandings,
    ListSubstitutes,
    ShowDifferences,
    StandingList,
    StandingOf,
    SubstituteList,
    Substitutions,
    SwitchOver,
    UndoSubstitution,
)
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.client import path_of
from tallystick.runtime.configuration import read_settings

app = typer.Typer(help="Say which implementation serves a tenant.", no_args_is_help=True)

_TENANT = typer.Option("", "--tenant", help="As an operator, on the database: of this tenant.")
_CONTEXT = typer.Option(..., "--context", help="The context: wallets, ledger or payments.")
_NAME = typer.Argument(help="The name of the substitute.")
_out = Console()


@app.command("list")
def list_(tenant: str = _TENANT) -> None:
    """List who serves the tenant, and the substitutes that are known."""
    if tenant:
        standing = _as_operator(tenant, "standing", ListStandings())
        known = _as_operator(tenant, "substitutes", ListSubstitutes())
    else:
        standing = _asked("GET", "/v1/substitutions", StandingList)
        known = _asked("GET", "/v1/substitutes", SubstituteList)
    serves = Table("context", "served by", "mode", "tried", "since", "by")
    for one in standing.items:
        label = f"{one.substitute} {one.version}" if one.mode == "live" else one.version
        trial = f"{one.substitute} {one.tried}, {one.share} %" if one.tried else ""
        serves.add_row(one.context, label, one.mode, trial, one.set_at or "", one.set_by or "")
    _out.print(serves)
    table = Table("context", "substitute", "version", "contract", "tried")
    for one in known.items:
        kept = "kept" if one.proven else f"broken: {one.broken[0]}"
        table.add_row(one.context, one.substitute, one.version, escape(kept), one.tried_at)
    _out.print(table)


@app.command()
def live(name: str = _NAME, context: str = _CONTEXT, tenant: str = _TENANT) -> None:
    """Let a substitute that kept its contract serve the tenant."""
    _switch(SwitchOver(context=context, substitute=name, mode="live"), tenant)


@app.command()
def shadow(
    name: str = _NAME,
    context: str = _CONTEXT,
    share: int = typer.Option(100, "--share", help="How many per cent of what reads is copied."),
    tenant: str = _TENANT,
) -> None:
    """Try a substitute on copies of what the tenant reads; who asks is answered by whom they are served."""
    _switch(SwitchOver(context=context, substitute=name, mode="shadow", share=share), tenant)


@app.command()
def undo(context: str = _CONTEXT, tenant: str = _TENANT) -> None:
    """Let our own implementation serve the tenant again."""
    if tenant:
        made = _as_operator(tenant, "undo", UndoSubstitution(context=context))
    else:
        made = _asked("DELETE", path_of("substitutions", context), StandingOf)
    _say(made, tenant)


@app.command()
def differences(context: str = _CONTEXT, tenant: str = _TENANT) -> None:
    """Show how the answers of a substitute in shadow differed."""
    if tenant:
        found = _as_operator(tenant, "differences", ShowDifferences(context=context))
    else:
        found = _asked("GET", path_of("substitutions", context, "differences"), Differences)
    typer.echo(
        f"{found.substitute} {found.version}: {found.compared} compared, {found.different} unlike, "
        f"{found.lost} not answered, {found.skipped} not sent"
    )
    for one in found.items:
        places = f"  at {', '.join(one.fields)}" if one.fields else ""
        typer.echo(
            f"{one.at}  {one.method}  ours {one.ours}, theirs {one.theirs}{places}  {one.request}"
        )


def _switch(message: SwitchOver, tenant: str) -> None:
    if tenant:
        made = _as_operator(tenant, "substitute", message)
    else:
        body = msgspec.json.encode(message)
        made = _asked("PUT", "/v1/substitutions", StandingOf, body=body)
    _say(made, tenant)


def _say(made: StandingOf, tenant: str) -> None:
    was = " (it was so already)" if made.replayed else ""
    within = "within five seconds" if tenant else "at once here, within five seconds elsewhere"
    trial = (
        f", {made.substitute} {made.tried} tried on {made.share} % of what reads"
        if made.tried
        else ""
    )
    typer.echo(f"{made.context} is served by {made.version}{trial}, {within}{was}")


def _asked(method: str, path: str, kind: type, **words: Any) -> Any:
    return msgspec.json.decode(ask(method, path, **words).body, type=kind)


def _as_operator(tenant: str, verb: str, message: Any) -> Any:
    with local.databases(read_settings()) as urls:
        return asyncio.run(_do(urls, tenant, verb, message))


async def _do(urls: Urls, tenant: str, verb: str, message: Any) -> Any:
    await walk(urls)
    caller = Caller(tenant_id=tenant_id_of(tenant), actor=OPERATOR.actor)
    async with doors_of_identity_on(urls, read_settings()) as doors:
        door: Substitutions = doors.substitutions
        return await getattr(door, verb)(caller=caller, message=message)
