"""The command line: one program that runs, proves and uses the platform."""

import typer

from tallystick import __version__
from tallystick.apps.cli import operating, tenants, using, wallets
from tallystick.runtime.database import ServerTooOld
from tallystick.runtime.embedded import EmbeddedPostgresError
from tallystick.runtime.migrations import MigrationChanged

app = typer.Typer(
    name="tallystick",
    help="A regulated money platform that proves what it did.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(operating.up)
app.command()(operating.serve)
app.command()(operating.migrate)
app.command()(operating.verify)
app.command()(using.pay)
app.command()(using.statement)
app.command()(using.balance)
app.add_typer(tenants.app, name="tenant")
app.add_typer(wallets.app, name="wallet")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; expected failures end in one line and exit code 1."""
    try:
        app()
    except (EmbeddedPostgresError, ServerTooOld, MigrationChanged, OSError, ValueError) as error:
        typer.secho(f"tallystick: {error}", fg=typer.colors.RED, err=True)
        raise SystemExit(1) from None
