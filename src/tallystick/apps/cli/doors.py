"""Doors between processes: the keys, peers, settings and manifests of a platform that is split."""

from pathlib import Path

import typer

from tallystick.apps import manifests, splitting
from tallystick.apps.cli.asking import fail
from tallystick.runtime.configuration import PORT_DEFAULT

app = typer.Typer(help="Split the platform over processes.", no_args_is_help=True)


@app.command()
def init(
    split: str = typer.Option(
        ..., "--split", help="one, three (by what each may touch), or each (one per part)."
    ),
    folder: Path = typer.Option(..., "--folder", help="A folder that is not there yet."),
    port: int = typer.Option(
        PORT_DEFAULT, "--port", min=1, max=65_000, help="The edge's port; the others follow it."
    ),
    at: list[str] = typer.Option(
        [],
        "--at",
        help="Where others reach a process, such as books=https://books.internal:8480; each on its own.",
    ),
) -> None:
    """Write a key, a file of peers and settings for each process of a split, and say how to start them."""
    if folder.exists():
        fail(f"{folder} is there: name a folder that is not")
    places = dict(_placed(word) for word in at)
    made = splitting.make(splitting.processes_of(split, port=port, at=places), folder)
    for process, place in made:
        typer.echo(f"{process.name:10}{', '.join(process.parts):34}{process.url}  {place}")
    typer.echo("\nBring the databases up to date, then start each where it is to run:")
    typer.echo("  tallystick migrate")
    for one in made:
        typer.echo(f"  (set -a; . {one.env}; exec tallystick serve)")
    typer.echo("  tallystick sequence")
    typer.echo(
        "\nTALLYSTICK_DATABASE_URL says where the tables are, TALLYSTICK_DATABASE_URL_LEDGER and so on where "
        "a context has its own."
    )
    if any(process.url.startswith("https:") for process, _ in made):
        typer.echo(
            "Over https each needs a certificate, and each without the edge TALLYSTICK_TLS_CLIENT_CA: "
            "docs/operating/tls.md."
        )


@app.command("manifests")
def write_manifests(
    split: str = typer.Option(
        ..., "--split", help="one, three (by what each may touch), or each (one per part)."
    ),
    folder: Path = typer.Option(..., "--folder", help="A folder that is not there yet."),
    public_url: str = typer.Option(..., "--public-url", help="Where people and programs reach it."),
    database_network: str = typer.Option(
        ..., "--database-network", help="The segment of the databases, such as 10.20.64.0/20."
    ),
) -> None:
    """Write the Kubernetes manifests of a split, as an overlay of infra/kubernetes/base."""
    if folder.exists():
        fail(f"{folder} is there: name a folder that is not")
    for path in manifests.write(
        split, folder, public_url=public_url, database_network=database_network
    ):
        typer.echo(str(path))
    typer.echo("\nSay which image runs, by its digest: kustomize edit set image")


def _placed(word: str) -> tuple[str, str]:
    name, equals, url = word.partition("=")
    if not name or not equals or not url.startswith(("http://", "https://")):
        fail(f"--at is NAME=URL, such as books=https://books.internal:8480, not {word!r}")
    return name, url
