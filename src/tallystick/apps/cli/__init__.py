"""The command line: one program that runs, proves and uses the platform."""

from typing import Final, NoReturn

import typer

from tallystick import __version__
from tallystick.apps.cli import (
    access,
    acts,
    approvals,
    audit,
    clients,
    factors,
    keys,
    ledgers,
    login,
    operating,
    providers,
    tenants,
    using,
    wallets,
)
from tallystick.kernel.problems import Problem
from tallystick.runtime.database import ServerTooOld
from tallystick.runtime.embedded import EmbeddedPostgresError
from tallystick.runtime.migrations import MigrationChanged

_NOT_MIGRATED: Final = "`tallystick migrate` brings a database to the schema of this version"
_NOT_LET_IN: Final = "TALLYSTICK_DATABASE_URL names the login, its password and the database"
# What to do next, by what PostgreSQL refuses with.
_HINTS: Final = {
    # A schema, a table, a function or a role that is not there.
    **dict.fromkeys(("3F000", "42P01", "42883", "22023"), _NOT_MIGRATED),
    # A login, a password or a database that is not there.
    **dict.fromkeys(("28000", "28P01", "3D000"), _NOT_LET_IN),
}

app = typer.Typer(
    name="tallystick",
    help="A regulated money platform that proves what it did.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(operating.up)
app.command()(operating.serve)
app.command()(operating.sequence)
app.command()(operating.migrate)
app.command()(operating.verify)
app.command()(using.pay)
app.command()(using.statement)
app.command()(using.balance)
app.command()(login.login)
app.command()(login.logout)
app.command()(access.whoami)
app.command()(access.explain)
app.add_typer(access.people, name="people")
app.add_typer(access.roles, name="roles")
app.add_typer(access.delegations, name="delegations")
app.add_typer(access.rule, name="rule")
app.command()(acts.acts)
app.add_typer(approvals.app, name="approvals")
app.add_typer(audit.app, name="audit")
app.command()(audit.witness)
app.add_typer(clients.app, name="client")
app.add_typer(factors.app, name="factors")
app.add_typer(keys.app, name="key")
app.add_typer(ledgers.app, name="ledger")
app.add_typer(providers.app, name="provider")
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
    except (
        EmbeddedPostgresError, ServerTooOld, MigrationChanged, Problem, OSError, ValueError,
    ) as error:  # fmt: skip
        _end(str(error))
    except Exception as error:
        # What PostgreSQL itself refuses; its driver is not for this package to import.
        if not type(error).__module__.startswith("asyncpg."):
            raise
        hint = _HINTS.get(getattr(error, "sqlstate", ""))
        _end(f"the database refuses: {error}" + (f" ({hint})" if hint else ""))


def _end(text: str) -> NoReturn:
    typer.secho(f"tallystick: {text}", fg=typer.colors.RED, err=True)
    raise SystemExit(1) from None
