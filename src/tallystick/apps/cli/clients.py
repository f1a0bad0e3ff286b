"""Clients of the tenant whose key or session is used, over the API."""

from pathlib import Path
from typing import Any

import msgspec
import typer

from tallystick.apps.cli.asking import ask
from tallystick.runtime.client import path_of

app = typer.Typer(
    help="Register, list and end clients: programs with keys of their own.", no_args_is_help=True
)
KEYS_BYTES_MAX = 16_384


@app.command()
def create(
    name: str = typer.Argument(help="What the client is called."),
    *,
    keys: Path | None = typer.Option(
        None, "--keys", help="A file with its public keys, a JWK Set."
    ),
    thumbprint: str | None = typer.Option(
        None, "--thumbprint", help="SHA-256 of its certificate, in hexadecimal digits."
    ),
    subject: str | None = typer.Option(
        None, "--subject", help="The subject of its certificates, such as CN=billing,O=Bakery."
    ),
    redirect: list[str] = typer.Option(
        [], "--redirect", help="Where people are sent back to; this makes it a third party."
    ),
    scope: list[str] = typer.Option(
        [], "--scope", help="A bundle of acts that it may ask for; others it may not."
    ),
) -> None:
    """Register a client. Give it roles with `tallystick roles give`."""
    body: dict[str, Any] = {"name": name}
    if keys is not None:
        body["key_set"] = _key_set(keys)
    if thumbprint is not None:
        body["certificate_thumbprint"] = thumbprint.replace(":", "").lower()
    if subject is not None:
        body["certificate_subject"] = subject
    body |= {"redirect_uris": redirect} if redirect else {}
    body |= {"scope": scope} if scope else {}
    made = ask("POST", "/v1/clients", body=msgspec.json.encode(body)).json()
    typer.echo(f"client id  {made['client_id']}\nproven by  {made['proven_by']}")


def _key_set(path: Path) -> Any:
    with path.open("rb") as file:
        content = file.read(KEYS_BYTES_MAX + 1)
    if len(content) > KEYS_BYTES_MAX:
        raise ValueError(f"{path} is too long for a set of keys")
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        raise ValueError(f"{path} is no JSON: it holds a JWK Set, {{'keys': […]}}") from None


@app.command("list")
def list_(after: str = typer.Option("", "--after", help="Continue after this client.")) -> None:
    """List clients, a page at a time."""
    page = ask("GET", "/v1/clients", query={"after": after} if after else None).json()
    for one in page.get("items", []):
        gone = f"  ended {one['ended_at']}" if one.get("ended_at") else ""
        kind = "third party" if one.get("redirect_uris") else "machine"
        typer.echo(f"{one['client_id']}  {kind}  {one['proven_by']}{gone}  {one['name']}")
    if page.get("after"):
        typer.echo(f"more: tallystick client list --after {page['after']}")


@app.command()
def end(client_id: str = typer.Argument(help="The client's id, cli_….")) -> None:
    """End a client; its tokens open nothing within five seconds."""
    gone = ask("DELETE", path_of("clients", client_id)).json()
    typer.echo(f"{gone['client_id']} ended at {gone['ended_at']}")
