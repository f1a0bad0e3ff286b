"""The command line before a running platform: what it writes, how it exits, and never a traceback."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.main import get_command

from tallystick.apps.cli import build
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.money import minor_of
from tallystick.runtime.iso20022 import validate
from tests.apps.platform import ROOT, Running, Said
from tests.payments.orders import ELECTRICAL, FIETSEN, Order, initiation, texts
from tests.ports import free_port

SAMPLES = ROOT.parent / "shared" / "data" / "iso20022" / "samples"
VERDICT = re.compile(r"^\| `([^`]+\.xml)` \| [^|]* \| `(\w+)`(?: `(\w+)`)? \|", re.MULTILINE)
KEY = re.compile(r"tally_\w+")


def verdicts() -> dict[str, tuple[str, str]]:
    """What the reference says of each sample: a problem, or RJCT and its reason."""
    page = (ROOT / "docs" / "reference" / "iso20022-samples.md").read_text()
    return {name: (verdict, reason) for name, verdict, reason in VERDICT.findall(page)}


def today() -> date:
    return datetime.now(UTC).date()


def assert_refused(said: Said, code: str) -> None:
    """One line for the problem, one more for each of its fields, nothing on standard output."""
    first, *fields = said.err.strip().splitlines()
    assert first.startswith(f"tallystick: {code}")
    assert all(line.startswith("    ") for line in fields)
    assert (said.code, said.out) == (1, "")


def commands(command: object, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *path, name)


@pytest.mark.parametrize("path", list(commands(get_command(build()))), ids=" ".join)
def test_every_command_has_help(up: Running, path: tuple[str, ...]) -> None:
    said = up.command(*path, "--help")
    assert said.code == 0
    assert " ".join(path) in said.out.partition("\n\n")[0]
    description = said.out.split("Usage:")[1].splitlines()[1:]
    assert any(line.strip() for line in description[:3])


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("pay-supplier.pain.001.001.09.xml", 0, "ACSC"),
        ("pay-mixed.pain.001.001.11.xml", 3, "PART"),
        ("salaries.pain.001.001.03.xml", 0, "ACSC"),
    ],
)
def test_pay_pays_an_example_once(
    up: Running, tmp_path: Path, *, name: str, code: int, status: str
) -> None:
    report = tmp_path / "report.xml"
    said = up.command("pay", f"{ROOT}/examples/{name}", "--out", str(report))
    first = report.read_bytes()
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert said.err.endswith(f": {status}\n")
    assert texts(first, "GrpSts") == [status]
    validate_report(first)
    before = up.rows("SELECT count(*) AS n FROM ledger.entry")
    again = up.command("pay", f"{ROOT}/examples/{name}")
    assert again.code == code
    assert "nothing was paid twice" in again.err
    assert again.out.encode().strip() == first.strip()
    assert up.rows("SELECT count(*) AS n FROM ledger.entry") == before


def validate_report(report: bytes) -> None:
    (original,) = texts(report, "OrgnlMsgNmId")
    validate(report, message="pain.002.001.03" if "1.03" in str(original) else "pain.002.001.10")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples stand beside this repository")
@pytest.mark.parametrize(("name", "verdict"), list(verdicts().items()), ids=list(verdicts()))
def test_pay_answers_a_sample_as_the_reference_says(
    up: Running, name: str, verdict: tuple[str, str]
) -> None:
    said = up.command("pay", str(SAMPLES / name))
    if verdict[0] != "RJCT":
        assert_refused(said, verdict[0])
        return
    assert said.code == 3
    assert re.fullmatch(r"\S+: RJCT( \(seen before.*\))?\n", said.err)
    # Two of the samples bear the same MsgId: the second to come has used it in vain.
    assert {verdict[1], "DU01"}.intersection(texts(said.out.encode(), "Cd"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not XML", "xml_is_malformed"),
        (b"", ""),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml_has_forbidden_construct"),
        (b"<a/>", "message_not_supported"),
        (b"<a>" + b" " * 9_000_000 + b"</a>", "body_too_large"),
    ],
    ids=["no XML", "empty", "an entity", "another message", "nine million bytes"],
)
def test_pay_refuses_what_is_no_payment_file(
    up: Running, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "file.xml"
    file.write_bytes(content)
    assert_refused(up.command("pay", str(file)), code)


def test_pay_says_what_it_cannot_read_or_write(up: Running, tmp_path: Path) -> None:
    assert_refused(up.command("pay", str(tmp_path / "none.xml")), "cannot read")
    assert_refused(up.command("pay", str(tmp_path)), "cannot read")
    file = tmp_path / "file.xml"
    file.write_bytes(initiation(Order(amount="0.01"), message_id="CANNOT-WRITE"))
    for out in (
        tmp_path / "none" / "report.xml",
        tmp_path,
        file / "report.xml",
        Path("/proc/none"),
    ):
        assert_refused(up.command("pay", str(file), "--out", str(out)), f"cannot write {out}: ")
    # Nothing was paid: this is the first time the file is seen.
    report = tmp_path / "report.xml"
    assert up.command("pay", str(file), "--out", str(report)).err == "CANNOT-WRITE: ACSC\n"
    written = report.read_bytes()
    file.write_bytes(b"no payment file")
    assert_refused(up.command("pay", str(file), "--out", str(report)), "xml_is_malformed")
    assert report.read_bytes() == written
    assert_refused(up.command("pay", str(file), "--out", str(tmp_path / "new")), "xml_is_malformed")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("account", [FIETSEN, "NL91 ABNA 0417 1643 00", "de-vries-fietsen/EUR"])
def test_a_statement_validates_and_adds_up(up: Running, account: str) -> None:
    day = today().isoformat()
    said = up.command("statement", account, "--from", "2026-01-01", "--to", day)
    assert (said.code, said.err) == (0, "")
    content = said.out.encode()
    validate(content, message="camt.053.001.08")
    signs = [1 if word == "CRDT" else -1 for word in texts(content, "CdtDbtInd")]
    amounts = [
        sign * minor_of(str(amount), exponent=2)
        for sign, amount in zip(signs, texts(content, "Amt"), strict=False)
    ]
    kinds = [kind for kind in texts(content, "Cd") if kind in ("OPBD", "CLBD", "CLAV", "ITBD")]
    balances = dict(zip(kinds, amounts[: len(kinds)], strict=True))
    assert balances["OPBD"] == 0
    assert balances["CLBD"] > 0
    with up.client() as client:
        wallet = client.get("/v1/wallets/de-vries-fietsen").json()
    assert balances["CLBD"] == wallet["accounts"][0]["balances"]["posted"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("statement", "XX", "--from", "2026-01-01", "--to", "2026-01-02"), "iban_not_valid"),
        (
            ("statement", "GB29NWBK60161331926819", "--from", "2026-01-01", "--to", "2026-01-02"),
            "wallet_account_not_found",
        ),
        (
            ("statement", "none/EUR", "--from", "2026-01-01", "--to", "2026-01-02"),
            "wallet_not_found",
        ),
        (
            ("statement", "electrical/USD", "--from", "2026-01-01", "--to", "2026-01-02"),
            "wallet_account_not_found",
        ),
        (
            ("statement", ELECTRICAL, "--from", "2026-01-02", "--to", "2026-01-01"),
            "malformed_request",
        ),
        (("balance", "none", "a:b"), "ledger_not_found"),
        (("balance", "main", "a:b"), "account_not_found"),
        (("balance", "main", "bank:nostro:eur", "--effective-at", "now"), "malformed_request"),
        (
            ("balance", "main", "bank:nostro:eur", "--recorded-at", "2199-01-01T00:00:00Z"),
            "recorded_at_lies_in_the_future",
        ),
        (("wallet", "show", "none"), "wallet_not_found"),
        (("wallet", "show", "electrical#"), "wallet_not_found"),
        (("wallet", "show", "electrical?a=b"), "wallet_not_found"),
        (("wallet", "show", "[/]"), ""),
        (("wallet", "show", ""), "wallet_not_found"),
        (("wallet", "freeze", "none"), "wallet_not_found"),
        (("wallet", "close", "electrical"), "wallet_not_empty"),
        (("wallet", "open", "wal_1", "--owner", "Ana", "--asset", "EUR"), "malformed_request"),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "eur", "--exponent", "eur=2"),
            "--asset is written in capitals: EUR",
        ),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "BTC"),
            "'BTC' is no currency of ISO 4217",
        ),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "XAU"),
            "'XAU' is no currency of ISO 4217",
        ),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "EUR="),
            "--asset is EUR, or EUR=IBAN with the IBAN",
        ),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "BTC", "--exponent", "BTC=x"),
            "--exponent is an asset and its digits",
        ),
        (
            ("wallet", "open", "w", "--owner", "A", "--asset", "EUR", "--exponent", "BTC=8"),
            "--exponent names BTC",
        ),
        (("wallet", "add", "none", "--asset", "EUR"), "wallet_not_found"),
        (("wallet", "add", "electrical", "--asset", "BTC"), "'BTC' is no currency of ISO 4217"),
        (("wallet", "add", "electrical", "--asset", "CHF="), "--asset is EUR, or EUR=IBAN"),
        (("wallet", "add", "electrical", "--asset", "=DE1"), "--asset is EUR, or EUR=IBAN"),
        (("wallet", "add", "electrical", "--asset", "EUR=XX"), "iban_not_valid"),
        (("wallet", "add", "electrical", "--asset", f"EUR={FIETSEN}"), "iban_is_taken"),
        (("wallet", "open", "w", "--owner", "Ana", "--asset", "EUR=XX"), "iban_not_valid"),
        (
            ("wallet", "open", "w", "--owner", "Ana", "--asset", f"EUR={ELECTRICAL}"),
            "iban_is_taken",
        ),
        (("wallet", "open", "w", "--owner", "", "--asset", "EUR"), "malformed_request"),
        (("tenant", "create", ""), "malformed_request"),
        (("tenant", "create", "a\nb"), "malformed_request"),
        (("verify", "--tenant", "none"), "'none' is not a tenant id"),
        (("verify", "--tenant", "tnt_0000000000000"), "there is no tenant"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_says_in_a_line_what_was_refused(
    up: Running, arguments: tuple[str, ...], code: str
) -> None:
    assert_refused(up.command(*arguments), code)


def test_what_is_malformed_is_said_once(up: Running) -> None:
    said = up.command("balance", "main", "bank:nostro:eur", "--effective-at", "now")
    (line,) = said.err.splitlines()
    assert line.startswith("tallystick: malformed_request: effective_at: a timestamp is RFC 3339")


def test_balance_shows_both_clocks(up: Running) -> None:
    said = up.command("balance", "main", "wallets:reto-meier:chf")
    assert said.code == 0
    assert re.findall(r"(posted|pending|available)\W+(\d+\.\d\d)\W", said.out) == [
        ("posted", "5000.00"), ("pending", "5000.00"), ("available", "5000.00"),
    ]  # fmt: skip
    past = ("--effective-at", "2026-01-01T00:00:00Z")
    assert "0.00" in up.command("balance", "main", "wallets:reto-meier:chf", *past).out
    before = ("--recorded-at", "2026-01-01T00:00:00Z")
    assert "5000" not in up.command("balance", "main", "wallets:reto-meier:chf", *before).out


def test_ledgers_are_listed_for_those_who_ask_for_a_balance(up: Running) -> None:
    said = up.command("ledger", "list")
    assert said.code == 0
    assert re.search(r"│ main +│ 20\d\d-", said.out)
    assert "│ main" not in up.command("ledger", "list", "--after", "main").out
    assert_refused(up.command("ledger", "list", "--after", "MAIN"), "malformed_request")


def test_a_wallet_lives_on_the_command_line(up: Running) -> None:
    # What a customer is called must not be read as the markup of a terminal.
    owner = ("--owner", "[bold]Ana[/] [/]", "--name", "[red]")
    opened = ("wallet", "open", "cli", *owner, "--asset", "EUR", "--asset", "JPY", "--asset", "BHD")
    said = up.command(*opened)
    assert said.code == 0
    assert "cli · [red] · [bold]Ana[/] [/] · open" in said.out
    assert re.findall(r"(BHD|EUR|JPY)\W+(0(?:\.0+)?)\W", said.out) == [
        ("BHD", "0.000"), ("EUR", "0.00"), ("JPY", "0"),
    ]  # fmt: skip
    assert up.command(*opened).out == said.out
    for verb, status in (
        ("freeze", "frozen"), ("freeze", "frozen"), ("unfreeze", "open"), ("close", "closed"),
        ("close", "closed"), ("reopen", "open"),
    ):  # fmt: skip
        assert f"· {status}\n" in up.command("wallet", verb, "cli").out
        assert f"· {status}\n" in up.command("wallet", "show", "cli").out
    up.command("wallet", "close", "cli")
    assert_refused(up.command("wallet", "unfreeze", "cli"), "wallet_status_not_reachable")


def test_an_account_of_another_asset_is_added_to_a_wallet(up: Running) -> None:
    up.command("wallet", "open", "adding", "--owner", "Ana", "--asset", "EUR")
    added = ("wallet", "add", "adding", "--asset", "CLF")
    for _ in range(2):
        said = up.command(*added)
        assert (said.code, said.err) == (0, "")
        assert re.findall(r"(EUR|CLF)\W+(0\.0+)\W", said.out) == [
            ("CLF", "0.0000"),
            ("EUR", "0.00"),
        ]
    ibans = ("NL02ABNA0123456789", "BE71096123456769")
    twice = (word for iban in ibans for word in ("--asset", f"ETH={iban}"))
    digits = ("--exponent", "ETH=18")
    said = up.command("wallet", "open", "twice", "--owner", "Ana", *twice, *digits)
    assert re.findall(r"(ETH\S*)\W+\w+\W+(0\.0{18})\W", said.out)
    assert said.out.count("0." + "0" * 18) == 2
    two = up.command("wallet", "add", "adding", "--asset", "CHF", "--asset", "GBP")
    assert "CHF" in two.out
    assert "GBP" in two.out
    coins = up.command("wallet", "add", "adding", "--asset", "BTC", "--exponent", "BTC=8")
    assert re.search(r"BTC\W+0\.00000000\W", coins.out)
    iban = "GB82WEST12345698765432"
    assert re.search(
        rf"EUR:2\W+{iban}", up.command("wallet", "add", "adding", "--asset", f"EUR={iban}").out
    )


def test_a_list_of_wallets_cuts_no_id_and_no_iban(up: Running) -> None:
    said = up.command("wallet", "list")
    with up.client() as client:
        page = client.get("/v1/wallets").json()
    assert said.code == 0
    for wallet in page["items"]:
        assert wallet["id"] in said.out
        for account in wallet["accounts"]:
            assert account.get("iban", "") in said.out


def test_a_new_tenant_is_shown_its_key_once(up: Running) -> None:
    said = up.command("tenant", "create", "[b]Second[/] house")
    assert said.code == 0
    assert "[b]Second[/] house" in said.out
    (key,) = KEY.findall(said.out)
    assert "…" not in said.out
    with up.client(key) as client:
        who = client.get("/v1/whoami").json()
    assert who["tenant"] in said.out
    said = up.command("tenant", "rule-reset", who["tenant"])
    assert (said.code, "own rule is in force" in said.out) == (0, True)
    listed = up.command("tenant", "list").out
    assert who["tenant"] in listed
    assert key not in listed
    assert_stored_as_hash(up, key, tenant_id_of(who["tenant"]))


def assert_stored_as_hash(up: Running, key: str, tenant_id: int) -> None:
    stored = up.rows(
        "SELECT k::text AS row FROM identity.api_key AS k WHERE tenant_id = $1", tenant_id
    )
    (row,) = (entry["row"] for entry in stored)
    secret = key.rpartition("_")[2]
    assert secret not in row
    digests = {hashlib.sha256(text.encode()).hexdigest() for text in (key, secret)}
    assert any(digest in row for digest in digests), row
    log = "".join(path.read_text() for path in (up.home / "log").iterdir())
    assert secret not in log + up.said


def test_verify_names_the_damage(up: Running) -> None:
    tenant = up.known["tenant"]
    sound = up.command("verify", "--tenant", tenant)
    assert (sound.code, "DAMAGED" in sound.out) == (0, False)
    assert "every balance is the sum of its entries" in sound.out
    corrupt(up, tenant_id_of(tenant), 700)
    try:
        said = up.command("verify")
    finally:
        corrupt(up, tenant_id_of(tenant), -700)
    assert said.code == 1
    assert "DAMAGED" in said.out
    assert f"{tenant}: not so: every balance is the sum of its entries" in said.out
    for word in ("wallets:reto-meier:chf", "500000", "500700"):
        assert word in said.out
    assert up.command("verify").code == 0


def corrupt(up: Running, tenant_id: int, amount: int) -> None:
    """Change a counter as only who owns the server can: past every grant, policy and trigger."""
    up.execute(
        "BEGIN; ALTER TABLE ledger.balance DISABLE TRIGGER counters_never_decrease;"
        f"UPDATE ledger.balance SET credits_posted = credits_posted + {amount} "
        f"WHERE tenant_id = {tenant_id} AND account_id = (SELECT account_id FROM ledger.account "
        f"WHERE tenant_id = {tenant_id} AND address = 'wallets:reto-meier:chf');"
        "ALTER TABLE ledger.balance ENABLE ALWAYS TRIGGER counters_never_decrease; COMMIT"
    )


def test_without_a_server_a_command_says_how_to_start_one(up: Running, tmp_path: Path) -> None:
    nowhere = {"TALLYSTICK_URL": f"http://127.0.0.1:{free_port()}", "TALLYSTICK_API_KEY": "x"}
    for arguments in (("wallet", "list"), ("balance", "main", "a"), ("pay", __file__)):
        assert_refused(up.command(*arguments, **nowhere), "nothing answers at http://127.0.0.1:")
    # The demonstration's key goes to the demonstration's address and nowhere else.
    assert_refused(up.command("wallet", "list", TALLYSTICK_URL=nowhere["TALLYSTICK_URL"]), "no key")
    assert_refused(up.command("wallet", "list", TALLYSTICK_API_KEY="x"), "api_key_not_accepted")
    for key in ("ключ", "tally_ä", "tally\n", "tally\x7f"):
        assert_refused(up.command("wallet", "list", TALLYSTICK_API_KEY=key), "TALLYSTICK_API_KEY")
    assert_refused(up.command("wallet", "list", TALLYSTICK_HOME=str(tmp_path)), "no key")
    (tmp_path / "demonstration.json").write_text("{")
    assert_refused(up.command("wallet", "list", TALLYSTICK_HOME=str(tmp_path)), "")


@pytest.mark.parametrize(
    "url", ["nonsense", "127.0.0.1:8480", "ftp://a", "http://", "http://[::1", "/v1"]
)
def test_an_address_that_is_none_is_named(up: Running, url: str) -> None:
    said = up.command("wallet", "list", TALLYSTICK_URL=url, TALLYSTICK_API_KEY="x")
    assert_refused(said, f"TALLYSTICK_URL is a URL such as http://127.0.0.1:8480, not {url!r}")


def test_an_address_may_end_in_a_slash(up: Running) -> None:
    url = {"TALLYSTICK_URL": up.url + "/", "TALLYSTICK_API_KEY": up.known["key"]}
    assert up.command("wallet", "list", **url).code == 0


def test_keys_are_made_listed_and_revoked(up: Running) -> None:
    made = up.command("key", "create", "second")
    key_id, key = (line.split()[-1] for line in made.out.splitlines()[:2])
    assert up.command("wallet", "list", TALLYSTICK_API_KEY=key).code == 0
    listed = up.command("key", "list").out
    assert key_id in listed
    assert key not in listed
    assert up.command("key", "revoke", key_id).out.startswith(f"{key_id} revoked at ")
    assert_refused(up.command("wallet", "list", TALLYSTICK_API_KEY=key), "api_key_not_accepted")


def test_limits_of_a_wallet_are_replaced(up: Running) -> None:
    up.command("wallet", "open", "limited", "--owner", "Limited", "--asset", "EUR")
    assert up.command("wallet", "limits", "limited", "EUR", "--min", "-500").code == 0
    assert_refused(up.command("wallet", "limits", "limited", "EUR", "--max", "x"), "malformed")
