"""`tallystick cloud rescue`: what becomes of a state that Terraform could not hand in."""

import os
import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from tallystick.apps.cli.asking import fail
from tallystick.governance.adapters.terraform import errored
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.statekeeper import StateRefused, States
from tallystick.runtime.embedded import default_home

app = typer.Typer()


@app.command()
def rescue(
    estate: str = typer.Argument(help="The estate, such as production-aws."),
    work: Path = typer.Option(None, "--work", help="The folder that Terraform worked in."),
    local: Path = typer.Option(None, "--local", help="Hand it in to this folder of a state."),
    put_aside: bool = typer.Option(
        False, "--put-aside", help="It is handed in already, or not needed: plan again without it."
    ),
) -> None:
    """Hand in a state that an apply could not, or say that it is not needed; the file itself is kept in any case."""
    place = work or default_home() / "cloud" / estate
    kept = place.joinpath(errored.NAME)
    if not kept.exists():
        fail(f"there is no {kept}: nothing is to be rescued")
    if local is not None:
        states = FileStates(local, estate=estate)
        try:
            with _locked(states) as lock:
                states.write(kept.read_bytes(), lock=lock)
        except StateRefused as refusal:
            fail(str(refusal))
        typer.echo(f"handed in to {local}")
    elif not put_aside:
        fail(errored.said(kept))
    typer.echo(f"kept as {errored.put_aside(place)}")


@contextmanager
def _locked(states: States) -> Iterator[str]:
    info = {
        "ID": secrets.token_hex(16),
        "Who": f"{os.getuid()}@{platform.node()}",
        "Operation": "rescue",
    }
    states.lock(info)
    try:
        yield info["ID"]
    finally:
        states.unlock(info)
