"""Approvals over the API. A terminal shows what is asked and agrees to acts on people; money is signed by a passkey."""

from pathlib import Path
from typing import Any

import msgspec
import typer

from tallystick.apps.cli.asking import ask, fail, write
from tallystick.apps.cli.factors import prove_code, send
from tallystick.kernel.money import amount_words, to_int
from tallystick.runtime.client import path_of

app = typer.Typer(help="See what others ask to do, and agree to it or not.", no_args_is_help=True)
_APPROVAL = typer.Argument(help="The approval, apr_….")
_NOT_GOOD_EXIT = 1


@app.command("list")
def list_(
    which: str = typer.Option(
        "waiting", "--which", help="waiting (for you), mine (asked by you), or all."
    ),
    action: str = typer.Option("", "--action", help="Only of this action."),
    after: str = typer.Option("", "--after", help="Continue after this one."),
) -> None:
    """List what waits for you, a page at a time."""
    wanted = {"which": which, "action": action, "after": after}
    query = {name: text for name, text in wanted.items() if text}
    page = ask("GET", "/v1/approvals", query=query).json()
    for one in page.get("items", []):
        typer.echo(f"{one['approval']}  {one['status']}  {one['agreed']}/{one['needed']}")
        typer.echo(f"    {one['sentence']}")
    if page.get("after"):
        typer.echo(f"more: tallystick approvals list --which {which} --after {page['after']}")


@app.command()
def show(
    approval: str = _APPROVAL,
    mine: bool = typer.Option(False, "--mine", help="One that you asked for."),
) -> None:
    """Show what exactly is asked, by whom, and who has agreed."""
    query = {"mine": "true"} if mine else None
    _say(ask("GET", path_of("approvals", approval), query=query).json())


@app.command()
def challenge(
    approval: str = _APPROVAL,
    out: Path = typer.Option(None, "--out", help="Write it here, not to standard output."),
) -> None:
    """Write what a passkey is to sign, for whatever holds the passkey (WebAuthn's options in JSON)."""
    write(ask("POST", path_of("approvals", approval, "challenge")).body, out)


@app.command()
def approve(
    approval: str = _APPROVAL,
    code: str = typer.Option("", "--code", help="Prove a second factor with this code first."),
    challenge_id: str = typer.Option("", "--challenge", help="The challenge that was answered."),
    answer: Path = typer.Option(None, "--answer", help="A file with what the passkey answered."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask whether you have read it."),
) -> None:
    """Agree to exactly what is shown; money only with a passkey's answer."""
    shown = ask("GET", path_of("approvals", approval)).json()
    _say(shown)
    if not yes and not typer.confirm("Agree to exactly this?"):
        raise typer.Exit(1)
    if code:
        prove_code(code)
    body: dict[str, Any] = {}
    if answer is not None:
        body = {"challenge": challenge_id, "credential": _read(answer)}
    done = send("POST", path_of("approvals", approval, "approve"), body)
    typer.echo(f"{done['approval']}: {done['status']}, {done['agreed']} of {done['needed']} agreed")


@app.command()
def reject(
    approval: str = _APPROVAL,
    reason: str = typer.Option("", "--reason", help="Why, for whoever asked."),
) -> None:
    """Say no, which ends it."""
    query = {"reason": reason} if reason else None
    done = ask("POST", path_of("approvals", approval, "reject"), query=query).json()
    typer.echo(f"{approval}: {done['status']}")


@app.command()
def withdraw(approval: str = _APPROVAL) -> None:
    """Take back what you asked for."""
    typer.echo(f"{approval}: {_say_to(approval, 'withdraw')}")


@app.command()
def verify(approval: str = _APPROVAL) -> None:
    """Verify every signature again from what is kept; exit code 1 when one has a flaw or is missing."""
    found = ask("GET", path_of("approvals", approval, "verification")).json()
    for vote in found["votes"]:
        word = f"signed on {vote['page']}" if vote["is_signed"] else "not signed"
        flaw = f"  FLAW: {vote['flaw']}" if vote.get("flaw") else ""
        typer.echo(f"{vote['person']}  {vote['verdict']} by {vote['method']}  {word}{flaw}")
    typer.echo("good" if found["is_good"] else "NOT GOOD")
    if not found["is_good"]:
        raise typer.Exit(_NOT_GOOD_EXIT)


def _say_to(approval: str, what: str) -> str:
    return ask("POST", path_of("approvals", approval, what)).json()["status"]


def _read(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    except msgspec.MsgspecError:
        fail(f"{path} is no object of JSON, as a passkey's `toJSON()` writes it")


def _amount(asked: dict[str, Any]) -> str:
    """The amount that is asked for, with the decimals of its currency where ISO 4217 has it."""
    try:
        return amount_words(to_int(asked["amount"]), asked["asset"])
    except (KeyError, ValueError):
        return str(asked["amount"])


def _say(shown: dict[str, Any]) -> None:
    typer.echo(f"{shown['approval']}  {shown['status']}  until {shown['expires_at']}")
    typer.echo(f"    {shown['sentence']}")
    for name, text in sorted(shown["asked"].items()):
        typer.echo(f"    {name:<8} {_amount(shown['asked']) if name == 'amount' else text}")
    for one in shown.get("said", []):
        typer.echo(
            f"    {one['verdict']} by {one['name']} ({one['person']}) at {one['at']}, {one['method']}"
        )
    if shown["wants_passkey"]:
        typer.echo("    only a passkey can agree to it: docs/guides/approving.md")
