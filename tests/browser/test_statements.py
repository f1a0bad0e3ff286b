"""Statements: a period that is chosen, a page of it, and the files that are kept of it."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import NARROW, House, axe

STATEMENT = "/wallets/electrical/accounts/EUR/statement"
EVIL = "<script>alert(1)</script>=1+1"


@pytest.fixture(scope="module")
def paid(whole_house: House) -> None:
    """One entry whose texts are hostile to pages, tables and Typst."""
    texts = {"debtor_name": EVIL, "remittance": "#panic(1) =1+1", "end_to_end_id": "=1+1"}
    item = {
        "kind": "post", "id": "=evil", "metadata": texts,
        "postings": [{"debit": "bank:nostro:eur", "credit": "wallets:electrical:eur", "amount": 1_23, "asset": "EUR"}],
    }  # fmt: skip
    with whole_house.running.client() as client:
        answer = client.post("/v1/ledgers/main/transactions", json=item)
    assert answer.is_success, answer.text


def saved(page: Page, link: str) -> tuple[str, bytes]:
    """Press a link to a file; answers what it is called and what is in it."""
    with page.expect_download() as kept:
        page.get_by_role("link", name=link, exact=True).click()
    return kept.value.suggested_filename, Path(kept.value.path()).read_bytes()


def test_this_month_is_shown_and_kept_as_files(owner: Page, paid: None) -> None:
    owner.goto(STATEMENT)
    owner.get_by_role("link", name="This month").click()
    expect(owner.get_by_role("article")).to_contain_text("ES91 2100 0418 4502 0005 1332")
    row = owner.get_by_role("row", name=EVIL)
    expect(row).to_contain_text("+1.23")
    expect(row).to_contain_text("250,001.23")
    expect(owner.get_by_text("The period is not over: more may come.")).to_be_visible()
    axe(owner)
    owner.set_viewport_size(NARROW)
    assert owner.evaluate("document.documentElement.scrollWidth <= innerWidth")
    today = datetime.now(UTC).date()
    named = f"statement-electrical-{today.replace(day=1)}-{today}"
    name, pdf = saved(owner, "PDF")
    assert name == f"{named}.pdf"
    assert pdf.startswith(b"%PDF-1.7")
    name, camt = saved(owner, "camt.053")
    assert name == f"{named}.xml"
    assert b"camt.053.001.08" in camt
    assert EVIL.encode() not in camt
    name, table = saved(owner, "CSV")
    assert name == f"{named}.csv"
    last = list(csv.DictReader(io.StringIO(table.decode(), newline="")))[-1]
    assert (last["amount"], last["balance"], last["currency"]) == ("1.23", "250001.23", "EUR")
    assert (last["transaction"], last["end_to_end_id"]) == ("'=evil", "'=1+1")
    assert last["counterparty_name"] == EVIL


def test_last_month_is_over_and_the_same_file_each_time(owner: Page) -> None:
    owner.goto(STATEMENT)
    expect(owner.get_by_text("Nothing was recorded in this period.")).to_be_visible()
    expect(owner.get_by_text("Available then")).to_be_visible()
    assert saved(owner, "PDF") == saved(owner, "PDF")


def test_days_that_cannot_be_are_refused_at_their_field(owner: Page) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    for first, last, wrong in (
        ("2026-03-02", "2026-03-01", "Last day"),
        (str(tomorrow), str(tomorrow), "First day"),
    ):
        owner.goto(f"{STATEMENT}?first={first}&last={last}")
        expect(owner.get_by_label(wrong)).to_have_attribute("aria-invalid", "true")
        expect(owner.get_by_label("First day")).to_have_value(first)
        axe(owner)
    owner.goto("/wallets/electrical/accounts/NOK/statement")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Wallet account not found")
