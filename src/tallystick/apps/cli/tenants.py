"""Tenants, for operators: they reach the database, not the API."""

import asyncio

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.apps import local
from tallystick.apps.cli.operating import OPERATOR, list_tenants, walk
from tallystick.apps.compose import doors_of_identity_on, identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api import CreateKey, CreateTenant, NewKey, Tenant
from tallystick.identity.api.people import AddPerson, Person
from tallystick.identity.api.rights import GiveRole, SetRule
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.configuration import read_settings

app = typer.Typer(help="Make and list tenants.", no_args_is_help=True)
_out = Console()


@app.command()
def create(name: str = typer.Argument(help="The tenant's name.")) -> None:
    """Make a tenant with its first API key, which is shown this once."""
    with local.databases(read_settings()) as urls:
        tenant, key = asyncio.run(_create(urls, name))
    # Lines and no table: a table cuts at the width of the terminal, and the key is not shown again.
    _out.print(f"tenant   {tenant.tenant}", highlight=False, soft_wrap=True)
    _out.print(f"name     {escape(tenant.name)}", highlight=False, soft_wrap=True)
    _out.print(f"API key  [bold]{key.key}[/]", highlight=False, soft_wrap=True)
    _out.print("[dim]The key is shown this once; only its hash is kept.[/]")


@app.command()
def owner(
    tenant: str = typer.Argument(help="The tenant, tnt_…."),
    name: str = typer.Argument(help="What the person is called."),
    issuer: str = typer.Option("", "--issuer", help="The provider they sign in with."),
    subject: str = typer.Option("", "--subject", help="How that provider names them."),
) -> None:
    """Make a person who is an owner of a tenant. Two of them can let in everybody else."""
    with local.databases(read_settings()) as urls:
        made = asyncio.run(_owner(urls, tenant, name, issuer or None, subject or None))
    _out.print(f"person   {made.person}", highlight=False, soft_wrap=True)
    _out.print("role     owner", highlight=False)


@app.command("rule-reset")
def reset_rule(tenant: str = typer.Argument(help="The tenant, tnt_….")) -> None:
    """Put the platform's own rule in place of a tenant's that keeps everybody out."""
    with local.databases(read_settings()) as urls:
        asyncio.run(_reset_rule(urls, tenant))
    _out.print("The platform's own rule is in force.", highlight=False)


@app.command("list")
def list_() -> None:
    """List all tenants."""
    with local.databases(read_settings()) as urls:
        found = asyncio.run(list_tenants(urls))
    table = Table("tenant", "name", "made at")
    for tenant in found:
        table.add_row(tenant.tenant, escape(tenant.name), tenant.created_at)
    _out.print(table)


async def _owner(
    urls: Urls, tenant: str, name: str, issuer: str | None, subject: str | None
) -> Person:
    await walk(urls)
    caller = Caller(tenant_id=tenant_id_of(tenant), actor=OPERATOR.actor)
    async with doors_of_identity_on(urls, read_settings()) as doors:
        message = AddPerson(name=name, issuer=issuer, subject=subject)
        person = await doors.people.add(caller=caller, message=message)
        given = GiveRole(holder=person.person, role="owner")
        await doors.rights.give_role(caller=caller, message=given)
    return person


async def _reset_rule(urls: Urls, tenant: str) -> None:
    await walk(urls)
    caller = Caller(tenant_id=tenant_id_of(tenant), actor=OPERATOR.actor)
    async with doors_of_identity_on(urls, read_settings()) as doors:
        await doors.rights.set_rule(caller=caller, message=SetRule())


async def _create(urls: Urls, name: str) -> tuple[Tenant, NewKey]:
    await walk(urls)
    async with identity_on(urls) as identity:
        tenant = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name=name))
        caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
        return tenant, await identity.create_key(
            caller=caller, message=CreateKey(label="first key")
        )
