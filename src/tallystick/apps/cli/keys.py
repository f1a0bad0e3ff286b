"""API keys of the tenant whose key is used, over the API."""

from typing import Any

import msgspec
import typer

from tallystick.apps.cli.asking import ask
from tallystick.runtime.client import path_of

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    label: str = typer.Argument(help="What the key is for."),
    role: list[str] = typer.Option(
        [], "--role", help="A role it holds; without, it holds what its maker holds."
    ),
    expires: str | None = typer.Option(
        None,
        "--expires",
        help="When it ends, such as 2027-01-31T00:00:00Z; a year from now at most.",
    ),
) -> None:
    """Make a key and show it this once."""
    asked: dict[str, Any] = {"label": label}
    asked |= {"roles": role} if role else {}
    asked |= {"expires_at": expires} if expires is not None else {}
    made = ask("POST", "/v1/keys", body=msgspec.json.encode(asked)).json()
    # Plain lines: a table would cut a key where the terminal ends.
    typer.echo(f"key id   {made['key_id']}\nAPI key  {made['key']}")
    typer.echo(f"roles    {' '.join(made['roles'])}\nends     {made['expires_at']}")
    typer.echo("The key is shown this once; only its hash is kept.")


@app.command("list")
def list_(after: str = typer.Option("", "--after", help="Continue after this key.")) -> None:
    """List keys without their secrets, a page at a time."""
    page = ask("GET", "/v1/keys", query={"after": after} if after else None).json()
    for key in page.get("items", []):
        times = [
            f"{word} {key[name]}"
            for word, name in (
                ("made", "created_at"),
                ("ends", "expires_at"),
                ("used", "used_at"),
                ("revoked", "revoked_at"),
            )
            if key.get(name)
        ]
        typer.echo("  ".join([key["key_id"], *times, ",".join(key["roles"]), key["label"]]))
    if page.get("after"):
        typer.echo(f"more: tallystick key list --after {page['after']}")


@app.command()
def revoke(key_id: str = typer.Argument(help="The key's id, key_….")) -> None:
    """Revoke a key; it stops working within five seconds."""
    gone = ask("DELETE", path_of("keys", key_id)).json()
    typer.echo(f"{gone['key_id']} revoked at {gone['revoked_at']}")
