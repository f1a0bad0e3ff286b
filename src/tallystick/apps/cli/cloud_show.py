"""`tallystick cloud show`: a plan in words, for whoever is to agree to it."""

import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer

from tallystick.apps.cli.asking import ask
from tallystick.runtime.client import path_of

app = typer.Typer()

_SIGNS: Final = {
    "destroyed": "-",
    "replaced": "±",
    "changed": "~",
    "created": "+",
    "forgotten": ".",
}


@app.command()
def show(
    plan: str = typer.Argument(help="The plan, pln_…."),
    as_json: bool = typer.Option(False, "--json", help="Write Terraform's own JSON of it."),
) -> None:
    """Read what a plan changes, and why it matters, before you agree to it; that you read it is on record."""
    read = ask("GET", path_of("cloud", "plans", plan, "document")).json()
    if as_json:
        typer.echo(base64.b64decode(read["content"]).decode())
        return
    typer.echo("\n".join(_lines(read)))


def _lines(read: Mapping[str, Any]) -> Iterator[str]:
    changes = read.get("changes", [])
    counted = Counter(each["verb"] for each in changes)
    said = ", ".join(f"{counted[verb]} {verb}" for verb in _SIGNS if counted[verb])
    yield f"{read['plan']}: {said or 'nothing changes'}"
    for each in changes:
        if each.get("loses"):
            yield f"!!! {each['address']} IS {each['verb'].upper()}: {each['loses']} ARE LOST !!!"
    for each in changes:
        yield ""
        yield f"{_SIGNS.get(each['verb'], '?')} {each['address']}  ({each['verb']}: {each['noun']}. {each['why']})"
        yield from _differences(each)
        yield from (f"    a bill follows: {cost}" for cost in each.get("costs", []))
    yield ""
    yield f"hash {read['hash']}"


def _differences(change: Mapping[str, Any]) -> Iterator[str]:
    for each in change.get("differences", []):
        anew = "  (makes a new one)" if each.get("replaces") else ""
        yield f"    {each['path']}: {each['before']} → {each['after']}{anew}"
    if change.get("more"):
        yield f"    … and {change['more']} more"
