"""Tenants, for operators: they reach the database, not the API."""

import asyncio

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.apps import local
from tallystick.apps.cli.operating import OPERATOR, list_tenants, walk
from tallystick.apps.compose import identity_on
from tallystick.identity.api import CreateKey, CreateTenant, NewKey, Tenant
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.configuration import read_settings

app = typer.Typer(help="Make and list tenants.", no_args_is_help=True)
_out = Console()


@app.command()
def create(name: str = typer.Argument(help="The tenant's name.")) -> None:
    """Make a tenant with its first API key, which is shown this once."""
    with local.database_url(read_settings()) as url:
        tenant, key = asyncio.run(_create(url, name))
    # Lines and no table: a table cuts at the width of the terminal, and the key is not shown again.
    _out.print(f"tenant   {tenant.tenant}", highlight=False, soft_wrap=True)
    _out.print(f"name     {escape(tenant.name)}", highlight=False, soft_wrap=True)
    _out.print(f"API key  [bold]{key.key}[/]", highlight=False, soft_wrap=True)
    _out.print("[dim]The key is shown this once; only its hash is kept.[/]")


@app.command("list")
def list_() -> None:
    """List all tenants."""
    with local.database_url(read_settings()) as url:
        found = asyncio.run(list_tenants(url))
    table = Table("tenant", "name", "made at")
    for tenant in found:
        table.add_row(tenant.tenant, escape(tenant.name), tenant.created_at)
    _out.print(table)


async def _create(url: str, name: str) -> tuple[Tenant, NewKey]:
    await walk(url)
    async with identity_on(url) as identity:
        tenant = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name=name))
        caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
        return tenant, await identity.create_key(
            caller=caller, message=CreateKey(label="first key")
        )
