"""Trying an implementation of a context by the contract that ships with the package."""

import asyncio
import dataclasses

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.apps import local
from tallystick.apps.cli.asking import fail
from tallystick.apps.compose import Platform
from tallystick.apps.parts import CONTEXTS, Urls
from tallystick.apps.substitutes import Candidate
from tallystick.contracts import Outcome
from tallystick.contracts.catalogue import CONTRACTS
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.far.about import about


def contract(
    context: str = typer.Argument(help="The context: wallets, ledger or payments."),
    at: str = typer.Option("", "--at", help="Where it is reached, such as https://host:port."),
    entry_point: str = typer.Option(
        "", "--entry-point", help="The Python distribution that it is installed as."
    ),
) -> None:
    """Try an implementation of a context by its contract; exit code 1 when it breaks a promise."""
    if context not in CONTRACTS:
        fail(f"there is no contract of {context!r}: it is one of {', '.join(CONTRACTS)}")
    if bool(at) == bool(entry_point):
        fail("say where it is, with --at URL or --entry-point NAME, and not both")
    with local.databases(read_settings(), must_exist=True) as urls:
        candidate, outcomes = asyncio.run(_tried(urls, context, at=at, entry_point=entry_point))
    broken = [one for one in outcomes if one.broken is not None]
    _show(context, candidate, outcomes)
    if broken:
        fail(f"{candidate.label} breaks {len(broken)} of the {len(outcomes)} promises of {context}")


async def _tried(
    urls: Urls, context: str, *, at: str, entry_point: str
) -> tuple[Candidate, list[Outcome]]:
    settings = dataclasses.replace(read_settings(), only=CONTEXTS, substitutes="")
    platform = Platform(url=urls.url, settings=settings)
    await platform.start()
    try:
        if at:
            candidate = platform.substitutes.at(context, at)
            found = await about(at, context=context)
            candidate.name, candidate.version = found.name, found.version
        else:
            name = entry_point.lower().replace("_", "-")
            candidate = platform.substitutes.installed(context, name)
            if candidate.fault:
                fail(f"{entry_point} of {context}: {candidate.fault}")
        return candidate, await platform.substitutes.trial(candidate)
    finally:
        await platform.stop()


def _show(context: str, candidate: Candidate, outcomes: list[Outcome]) -> None:
    table = Table("promise", "", title=f"{context}: {candidate.label}", title_justify="left")
    for one in outcomes:
        table.add_row(
            escape(one.says), "[green]kept[/]" if one.broken is None else "[red]broken[/]"
        )
        if one.broken is not None:
            table.add_row(f"[red]  {escape(one.broken)}[/]", "")
    Console().print(table)
