"""Wallets of customers, over the API."""

from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tallystick.apps.cli.asking import ask, fail
from tallystick.kernel.money import decimal_of, exponent_of
from tallystick.runtime.client import path_of

app = typer.Typer(help="Open, show, freeze and close customers' wallets.", no_args_is_help=True)
_out = Console()
_WALLET = typer.Argument(help="The wallet's id.")
_EXPONENT = typer.Option(
    [], "--exponent", help="BTC=8: the digits after the point, for what ISO 4217 does not know."
)


@app.command("open")
def open_(
    *,
    wallet: str = _WALLET,
    owner: str = typer.Option(..., "--owner", help="The owner's name."),
    asset: list[str] = typer.Option(
        ..., "--asset", help="EUR, or EUR=IBAN; several times for several."
    ),
    exponent: list[str] = _EXPONENT,
    company: bool = typer.Option(False, "--company", help="The owner is a company."),
    name: str = typer.Option("", "--name", help="The wallet's name; the owner's without."),
) -> None:
    """Open a wallet with one account per asset."""
    body = {
        "id": wallet,
        "owner": {"kind": "company" if company else "person", "name": owner},
        "name": name or owner,
        "accounts": _wanted(asset, exponent),
    }
    _show(ask("POST", "/v1/wallets", body=msgspec.json.encode(body)).json())


@app.command()
def add(
    wallet: str = _WALLET,
    asset: list[str] = typer.Option(
        ..., "--asset", help="EUR, or EUR=IBAN; several times for several."
    ),
    exponent: list[str] = _EXPONENT,
) -> None:
    """Add accounts to a wallet, in other assets or with IBANs of their own."""
    path = path_of("wallets", wallet, "accounts")
    # One after the other: what was added before one is refused is shown, and stays.
    for account in _wanted(asset, exponent):
        _show(ask("POST", path, body=msgspec.json.encode(account)).json())


@app.command()
def show(wallet: str = _WALLET) -> None:
    """Show a wallet with its balances."""
    _show(ask("GET", path_of("wallets", wallet)).json())


@app.command("list")
def list_(after: str = typer.Option("", "--after", help="Continue after this wallet.")) -> None:
    """List wallets, a page at a time."""
    page = ask("GET", "/v1/wallets", query={"after": after} if after else None).json()
    table = Table("wallet", "owner", "state", "account", "IBAN")
    for column in (table.columns[0], *table.columns[2:]):
        column.no_wrap = True
    for wallet in page.get("items", []):
        for account, iban, _ in _rows(wallet):
            table.add_row(
                wallet["id"], escape(wallet["owner"]["name"]), wallet["status"], account, iban
            )
    # Not cropped: an id or IBAN is what the next command is given, and no part of it may be lost.
    table.columns[1].overflow = "fold"
    table.columns[0].min_width = max((len(row["id"]) for row in page.get("items", [])), default=0)
    _out.print(table, crop=False)
    if page.get("after"):
        _out.print(f"more: tallystick wallet list --after {page['after']}", highlight=False)


@app.command()
def limits(
    wallet: str = _WALLET,
    account: str = typer.Argument(help="The account, such as EUR."),
    least: str = typer.Option(
        "0", "--min", help="The least available balance, in minor units; - for none."
    ),
    most: str = typer.Option("-", "--max", help="The most, in minor units; - for none."),
) -> None:
    """Replace both limits of an account."""
    pair = {"min_available": least, "max_available": most}
    body = {name: None if text == "-" else text for name, text in pair.items()}
    path = path_of("wallets", wallet, "accounts", account, "limits")
    _show(ask("PUT", path, body=msgspec.json.encode(body)).json())


@app.command()
def freeze(wallet: str = _WALLET) -> None:
    """Freeze a wallet: nothing moves in or out."""
    _change(wallet, "freeze")


@app.command()
def unfreeze(wallet: str = _WALLET) -> None:
    """Let a frozen wallet move again."""
    _change(wallet, "unfreeze")


@app.command()
def close(wallet: str = _WALLET) -> None:
    """Close an empty wallet."""
    _change(wallet, "close")


@app.command()
def reopen(wallet: str = _WALLET) -> None:
    """Reopen a closed wallet."""
    _change(wallet, "reopen")


def _wanted(assets: list[str], exponents: list[str]) -> list[dict[str, Any]]:
    """The accounts that were asked for; ends the command when nobody knows the digits of an asset."""
    digits = dict(_digits(text) for text in exponents)
    pairs = [_asset(text) for text in assets]
    unknown = digits.keys() - {code for code, _ in pairs}
    if unknown:
        fail(f"--exponent names {', '.join(sorted(unknown))}, which no --asset does")
    try:
        return [
            {"asset": code, "exponent": digits[code] if code in digits else exponent_of(code)}
            | ({"iban": iban} if iban else {})
            for code, iban in pairs
        ]
    except ValueError as error:
        fail(f"{error}: --exponent BTC=8 gives BTC eight after the point")


def _asset(text: str) -> tuple[str, str]:
    code, separator, iban = text.partition("=")
    if not code or (separator and not iban):
        fail(f"--asset is EUR, or EUR=IBAN with the IBAN, not {text!r}")
    if code != code.upper():
        fail(f"--asset is written in capitals: {code.upper()}, not {code}")
    return code, iban


def _digits(text: str) -> tuple[str, int]:
    code, _, number = text.partition("=")
    if not (number.isascii() and number.isdecimal() and len(number) < 3):
        fail(f"--exponent is an asset and its digits, such as BTC=8, not {text!r}")
    return code, int(number)


def _change(wallet: str, verb: str) -> None:
    _show(ask("POST", path_of("wallets", wallet, verb)).json())


def _show(wallet: dict[str, Any]) -> None:
    _out.print(
        f"[bold]{wallet['id']}[/] · {escape(wallet['name'])} · {escape(wallet['owner']['name'])} · "
        f"{wallet['status']}",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("account", "IBAN", "available")
    table.columns[-1].justify = "right"
    for row in _rows(wallet):
        table.add_row(*row)
    _out.print(table)


def _rows(wallet: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (
            account["account"],
            account.get("iban", ""),
            decimal_of(int(account["balances"]["available"]), exponent=account["exponent"])
            if account.get("balances")
            else "",
        )
        for account in wallet["accounts"]
    ]
