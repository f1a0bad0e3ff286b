"""By whom people sign in: over the API, or for the first one by an operator who reaches the database."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import typer

from tallystick.apps import local
from tallystick.apps.cli.asking import ask, fail
from tallystick.apps.cli.operating import OPERATOR, walk
from tallystick.apps.compose import doors_of_identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api.providers import EndProvider, SetOidcProvider, SetSamlProvider
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.client import path_of
from tallystick.runtime.configuration import read_settings

app = typer.Typer(help="Say by whom people sign in.", no_args_is_help=True)

_NAME = typer.Argument(help="The provider's name here, such as main.")
_TENANT = typer.Option("", "--tenant", help="As an operator, on the database: for this tenant.")
_REDIRECT = typer.Option(
    [], "--redirect", help="Where browsers may be sent back to, besides loopback."
)
_TRUSTS = typer.Option(False, "--trusts-mfa", help="Its word counts that a second factor was used.")
_CONTEXT = typer.Option([], "--mfa-context", help="An acr or context class that says so.")


@app.command()
def oidc(
    *,
    name: str = _NAME,
    issuer: str = typer.Option(..., "--issuer", help="Its issuer, to the letter."),
    client_id: str = typer.Option(..., "--client-id", help="What it calls us."),
    audience: str = typer.Option("", "--audience", help="The audience of access tokens for us."),
    redirect: list[str] = _REDIRECT,
    trusts_mfa: bool = _TRUSTS,
    mfa_context: list[str] = _CONTEXT,
    tenant: str = _TENANT,
) -> None:
    """Set a provider of OpenID Connect, in place of the one of that name."""
    message = SetOidcProvider(
        provider=name,
        issuer=issuer,
        client_id=client_id,
        audience=audience or None,
        redirects=tuple(redirect),
        trusts_mfa=trusts_mfa,
        mfa_contexts=tuple(mfa_context),
    )
    _set(message, "/v1/oidc-providers", tenant)


@app.command()
def saml(
    *,
    name: str = _NAME,
    entity_id: str = typer.Option(..., "--entity-id", help="What it calls itself."),
    sign_in_url: str = typer.Option(..., "--sign-in-url", help="Where it is asked."),
    our_entity_id: str = typer.Option(..., "--our-entity-id", help="What it calls us."),
    answer_url: str = typer.Option(
        ..., "--answer-url", help="Where it answers: https://…/v1/sign-in/saml/tnt_…."
    ),
    certificate: list[Path] = typer.Option(..., "--certificate", help="Its certificate, in PEM."),
    redirect: list[str] = _REDIRECT,
    trusts_mfa: bool = _TRUSTS,
    mfa_context: list[str] = _CONTEXT,
    tenant: str = _TENANT,
) -> None:
    """Set a provider of SAML 2.0, in place of the one of that name."""
    try:
        certificates = tuple(file.read_text("ascii") for file in certificate)
    except (OSError, ValueError) as error:
        fail(f"cannot read a certificate: {error}")
    message = SetSamlProvider(
        provider=name,
        entity_id=entity_id,
        sign_in_url=sign_in_url,
        our_entity_id=our_entity_id,
        answer_url=answer_url,
        certificates=certificates,
        redirects=tuple(redirect),
        trusts_mfa=trusts_mfa,
        mfa_contexts=tuple(mfa_context),
    )
    _set(message, "/v1/saml-providers", tenant)


@app.command("list")
def list_() -> None:
    """List the providers by which people sign in."""
    for one in ask("GET", "/v1/providers").json()["items"]:
        typer.echo(f"{one['provider']}  {one['kind']}  {one['issuer']}  set {one['set_at']}")


@app.command()
def end(name: str = _NAME, tenant: str = _TENANT) -> None:
    """End a provider: nobody signs in by it any more."""
    if tenant:
        _as_operator(tenant, EndProvider(provider=name))
    else:
        ask("DELETE", path_of("providers", name))
    typer.echo(f"{name} has ended; sessions that are open go on until they end")


def _set(message: SetOidcProvider | SetSamlProvider, path: str, tenant: str) -> None:
    if tenant:
        _as_operator(tenant, message)
    else:
        ask("PUT", path, body=msgspec.json.encode(message))
    typer.echo(f"{message.provider} is set")


def _as_operator(tenant: str, message: Any) -> None:
    with local.databases(read_settings()) as urls:
        asyncio.run(_do(urls, tenant, message))


async def _do(urls: Urls, tenant: str, message: Any) -> None:
    await walk(urls)
    caller = Caller(tenant_id=tenant_id_of(tenant), actor=OPERATOR.actor)
    async with doors_of_identity_on(urls, read_settings()) as doors:
        if isinstance(message, SetOidcProvider):
            await doors.providers.set_oidc(caller=caller, message=message)
        elif isinstance(message, SetSamlProvider):
            await doors.providers.set_saml(caller=caller, message=message)
        else:
            await doors.providers.end(caller=caller, message=message)
