"""Ledgers of the tenant whose key is used, over the API."""

import typer
from rich.console import Console
from rich.table import Table

from tallystick.apps.cli.asking import ask

app = typer.Typer(help="List ledgers.", no_args_is_help=True)
_out = Console()


@app.command("list")
def list_(after: str = typer.Option("", "--after", help="Continue after this ledger.")) -> None:
    """List ledgers by name, a page at a time."""
    page = ask("GET", "/v1/ledgers", query={"after": after} if after else None).json()
    table = Table("ledger", "opened")
    for ledger in page["items"]:
        table.add_row(ledger["name"], ledger["opened_at"])
    _out.print(table, crop=False)
    if page.get("after"):
        typer.echo(f"more: tallystick ledger list --after {page['after']}")
