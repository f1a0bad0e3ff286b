"""The command line: one program that runs, proves and uses the platform."""

import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any, Final, NoReturn

import typer

from tallystick import __version__
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

# Each command with the module it stands in, in the order of the help. A module is loaded for its own commands alone:
# with all that the platform is made of, the program would take seconds to begin.
_COMMANDS: Final = {
    **dict.fromkeys(("up", "serve", "sequence", "migrate", "verify"), "operating"),
    **dict.fromkeys(("pay", "statement", "balance"), "using"),
    **dict.fromkeys(("login", "logout"), "login"),
    **dict.fromkeys(("whoami", "explain"), "access"),
    "acts": "acts",
    "contract": "contracts",
    "witness": "audit",
}
# Each group of commands with the module it stands in, and its name there.
_GROUPS: Final = {
    **{name: ("access", name) for name in ("people", "roles", "delegations", "rule")},
    "approvals": ("approvals", "app"),
    "audit": ("audit", "app"),
    "client": ("clients", "app"),
    "cloud": ("cloud", "app"),
    "doors": ("doors", "app"),
    "factors": ("factors", "app"),
    "key": ("keys", "app"),
    "ledger": ("ledgers", "app"),
    "provider": ("providers", "app"),
    "substitute": ("substitutes", "app"),
    "tenant": ("tenants", "app"),
    "wallet": ("wallets", "app"),
}


def build(wanted: Collection[str] | None = None) -> typer.Typer:
    """Build the program with these commands and groups, or with all."""
    made = typer.Typer(
        name="tallystick",
        help="A regulated money platform that proves what it did.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    made.callback()(lambda: None)
    for name, module in _COMMANDS.items():
        if wanted is None or name in wanted:
            made.command(name)(getattr(_module(module), name))
    made.command()(version)
    for name, (module, inner) in _GROUPS.items():
        if wanted is None or name in wanted:
            made.add_typer(getattr(_module(module), inner), name=name)
    return made


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; expected failures end in one line and exit code 1."""
    asked = sys.argv[1:2]
    is_known = bool(asked) and asked[0] in {*_COMMANDS, *_GROUPS, "version"}
    try:
        build(asked if is_known else None)()
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
