"""Using a running platform: pay a file, take a statement, look at a balance."""

from datetime import date, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from tallystick.apps.cli.asking import ask, demand_writable, fail, write
from tallystick.kernel.money import decimal_of
from tallystick.runtime.client import path_of

REJECTED_EXIT = 3

_err = Console(stderr=True)
_out = Console()
_DAY = ["%Y-%m-%d"]


def pay(
    file: Path = typer.Argument(help="A pain.001 message (.03, .09 or .11)."),
    out: Path = typer.Option(
        None, "--out", help="Write the pain.002 here, not to standard output."
    ),
) -> None:
    """Pay a pain.001 file and write its pain.002; exit code 3 when not everything was paid."""
    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")
    if not content:
        fail(f"{file} is empty")
    demand_writable(out)
    with _err.status(f"paying {file.name} …"):
        answer = ask(
            "POST",
            "/v1/payment-files",
            body=content,
            media="application/xml",
            query={"format": "json"},
        ).json()
    report = ask("GET", path_of("payment-files", answer["file_id"], "report")).body
    again = " (seen before: nothing was paid twice)" if answer.get("replayed") else ""
    # Said before the report is written, which can fail on a full disk: the money has moved.
    _err.print(f"{answer['message_id']}: {answer['status']}{again}", highlight=False, markup=False)
    write(report, out)
    if answer["status"] not in ("ACSC", "ACCP", "ACSP"):
        raise typer.Exit(REJECTED_EXIT)


def statement(
    account: str = typer.Argument(help="An IBAN, or WALLET/ASSET such as electrical/EUR."),
    first: datetime = typer.Option(..., "--from", formats=_DAY, help="First day, included."),
    last: datetime = typer.Option(..., "--to", formats=_DAY, help="Last day, included."),
    out: Path = typer.Option(None, "--out", help="Write it here, not to standard output."),
) -> None:
    """Write a statement as camt.053.001.08."""
    wallet, _, asset = account.partition("/")
    named = ("wallets", wallet, "accounts", asset) if asset else ("accounts", wallet)
    query = {"from": _day(first), "to": _day(last)}
    write(ask("GET", path_of(*named, "statement"), query=query).body, out)


def _day(moment: datetime) -> str:
    return date(moment.year, moment.month, moment.day).isoformat()


def balance(
    ledger: str = typer.Argument(help="The ledger, such as main."),
    address: str = typer.Argument(help="The account's address, such as wallets:electrical:eur."),
    effective_at: str = typer.Option(None, "--effective-at", help="As effective at (RFC 3339)."),
    recorded_at: str = typer.Option(None, "--recorded-at", help="As recorded at (RFC 3339)."),
) -> None:
    """Show an account's balances, now or as of both clocks."""
    path = path_of("ledgers", ledger, "accounts", address)
    exponent = ask("GET", path).json()["exponent"]
    pairs = {"effective_at": effective_at, "recorded_at": recorded_at}
    query = {name: text for name, text in pairs.items() if text}
    answer = ask("GET", path + "/balance", query=query).json()
    table = Table("balance", answer["asset"])
    table.columns[1].justify = "right"
    for name in ("posted", "pending", "available"):
        minor = int(answer["balances"][name])
        table.add_row(name, decimal_of(minor, exponent=exponent))
    _out.print(table)
