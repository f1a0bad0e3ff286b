"""Second factors over the API: codes from the terminal. A passkey needs a browser, or whatever else holds it."""

from typing import Any

import msgspec
import typer

from tallystick.apps.cli.asking import ask
from tallystick.runtime.client import path_of

app = typer.Typer(
    help="List and enrol second factors, prove one, remove one.", no_args_is_help=True
)
_FACTOR = typer.Argument(help="The factor, fac_….")


@app.command("list")
def list_() -> None:
    """List your second factors."""
    items = ask("GET", "/v1/factors").json().get("items", [])
    for factor in items:
        waits = "" if factor.get("confirmed_at") else "  waits for its first code"
        typer.echo(
            f"{factor['factor']}  {factor['kind']}  since {factor['created_at']}{waits}  {factor['label']}"
        )
    if not items:
        typer.echo("none: `tallystick factors add-totp` enrols an app that shows codes")


@app.command("add-totp")
def add_totp(
    label: str = typer.Argument(help="What you call it, such as the device it is on."),
) -> None:
    """Enrol an app that shows codes: it is given a secret, and confirmed with a first code."""
    offered = send("POST", "/v1/factors/totp", {"label": label})
    typer.echo(f"secret  {offered['secret']}\nuri     {offered['uri']}")
    typer.echo(f"Give one of them to your app; it is shown this once. Until {offered['until']}:")
    code = typer.prompt("the code it shows")
    made = send("POST", path_of("factors", offered["factor"], "confirm"), {"code": code.strip()})
    typer.echo(f"{made['factor']} enrolled, and proven in this session")


@app.command()
def prove(
    code: str = typer.Argument("", help="The code that your app shows; asked for without it."),
) -> None:
    """Prove a second factor in this session by a code (step-up)."""
    proven = prove_code(code or typer.prompt("code"))
    typer.echo(f"proven; fresh until {proven['lapses_at']}")


@app.command()
def remove(factor: str = _FACTOR) -> None:
    """Remove a second factor of yours."""
    gone = ask("DELETE", path_of("factors", factor)).json()
    typer.echo(f"{gone['factor']} removed")


@app.command()
def recover(
    person: str = typer.Argument(help="Who lost their factors, per_…."),
    reason: str = typer.Argument(help="How you know that it is them."),
) -> None:
    """End all factors and sessions of another person, who then begins anew; a second person must agree."""
    done = send("POST", path_of("people", person, "recover"), {"reason": reason})
    typer.echo(f"{done['person']}: {done['factors']} factors and {done['sessions']} sessions ended")


def prove_code(code: str) -> dict[str, Any]:
    """Prove a second factor by a code."""
    return send("POST", "/v1/factors/prove", {"code": code.strip()})


def send(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask with a body of JSON."""
    return ask(method, path, body=msgspec.json.encode(body)).json()
