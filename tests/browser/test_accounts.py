"""Money seen: the overview, accounts of the books, their balance by both clocks, entries and transactions."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import NARROW, House, axe

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{7*7}}"
ACCOUNT = "wallets:electrical:eur"
BOOKS = "/v1/ledgers/main"


def moment(*, days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def moved(whole_house: House) -> None:
    """Entries of every kind: of today and back-dated, with hostile texts, reserved and captured."""

    def post(item: dict[str, Any]) -> None:
        with whole_house.running.client() as client:
            answer = client.post(f"{BOOKS}/transactions", json=item)
        assert answer.is_success, answer.text

    def posting(amount: int) -> list[dict[str, Any]]:
        return [{"debit": "bank:nostro:eur", "credit": ACCOUNT, "amount": amount, "asset": "EUR"}]

    post({"kind": "post", "id": "late", "postings": posting(1_000), "effective_at": moment(days=10),
          "reference": "written late"})  # fmt: skip
    post({"kind": "post", "id": "evil/?#%", "postings": posting(7), "reference": EVIL,
          "metadata": {EVIL[:60]: EVIL, "debtor_name": EVIL}})  # fmt: skip
    post({"kind": "hold", "id": "held", "postings": [
        {"debit": ACCOUNT, "credit": "bank:nostro:eur", "amount": 2_500, "asset": "EUR"}]})  # fmt: skip
    post({"kind": "capture", "id": "taken", "target": "held", "amounts": [2_000]})


def test_the_overview_says_what_is_owned_and_that_all_is_well(owner: Page, moved: None) -> None:
    owner.goto("/")
    row = owner.get_by_role("row", name="Electrical, current account")
    expect(row).to_contain_text("249,990.07EUR")
    expect(row).to_contain_text("249,985.07EUR")
    expect(owner.get_by_role("heading", name="All in CHF")).to_be_visible()
    expect(owner.get_by_text("Everything answers, and nothing is wrong.")).to_be_visible()
    axe(owner)
    owner.set_viewport_size(NARROW)
    assert owner.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_clerk_sees_what_they_may_see(house: House) -> None:
    page = house.page("clerk")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    axe(page)


def test_accounts_are_found_by_the_beginning_of_their_address(owner: Page) -> None:
    owner.goto("/accounts")
    owner.get_by_label("Address begins with").fill("wallets:e")
    owner.get_by_role("button", name="Find").click()
    links = owner.locator("tbody a")
    expect(links).to_have_text([ACCOUNT, "wallets:emma-peeters:eur"])
    axe(owner)
    owner.get_by_label("Address begins with").fill("a b")
    owner.get_by_role("button", name="Find").click()
    field = owner.get_by_label("Address begins with")
    expect(field).to_have_value("a b")
    expect(field).to_have_attribute("aria-invalid", "true")
    axe(owner)
    owner.goto("/accounts?ledger=none")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Ledger not found")


def test_the_balance_over_time_is_told_by_both_clocks(owner: Page, moved: None) -> None:
    owner.goto(f"/accounts/main/{ACCOUNT}")
    expect(owner.get_by_role("img", name=re.compile("^Posted balance from"))).to_be_visible()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    owner.get_by_label("What happened until").fill(yesterday)
    owner.get_by_role("button", name="Show").click()
    # What was written today counts from ten days ago: so it is known now, and was not yesterday.
    expect(owner.locator("figcaption")).to_contain_text(": 10.00")
    owner.get_by_label("As it was known at").fill(f"{yesterday}T12:00")
    owner.get_by_role("button", name="Show").click()
    expect(owner.locator("figcaption")).to_contain_text(": 0.00")
    assert owner.locator("path.line").count() == 2
    owner.get_by_text("The same as figures").click()
    last = owner.locator("details tbody tr").last.locator("td")
    expect(last).to_have_text(["0.00", "10.00"])
    axe(owner)
    owner.get_by_label("As it was known at").fill("2190-01-01T00:00")
    owner.get_by_role("button", name="Show").click()
    expect(owner.get_by_label("As it was known at")).to_have_attribute("aria-invalid", "true")
    expect(owner.locator("#known-told")).not_to_be_empty()
    axe(owner)


def test_entries_are_filtered_and_say_how_far_was_looked(owner: Page, moved: None) -> None:
    owner.goto(f"/accounts/main/{ACCOUNT}")
    rows = owner.locator("table.entries tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("\N{MINUS SIGN}20.00")
    expect(rows.first).to_contain_text("249,990.07")
    owner.get_by_label("Text or reference").fill("WRITTEN")
    owner.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("+10.00")
    expect(owner.get_by_role("status")).to_contain_text("1 found among the last 4")
    owner.get_by_label("Text or reference").fill("")
    owner.get_by_label("Direction").select_option("out")
    owner.get_by_label("Amount from").fill("20.00")
    owner.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(1)
    owner.get_by_label("Amount from").fill("twenty")
    owner.get_by_role("button", name="Find").click()
    expect(owner.get_by_label("Amount from")).to_have_attribute("aria-invalid", "true")
    expect(owner.get_by_label("Amount from")).to_have_value("twenty")


def test_a_transaction_is_shown_whatever_its_id_and_texts(owner: Page, moved: None) -> None:
    owner.goto(f"/accounts/main/{ACCOUNT}")
    owner.get_by_role("link", name=EVIL).click()
    assert owner.url.endswith("/transactions/main/evil%2F%3F%23%25")
    expect(owner.locator("code.id", has_text="evil/?#%")).to_be_visible()
    expect(owner.locator("dd", has_text=EVIL)).to_have_count(3)
    axe(owner)
    owner.goto("/transactions/main/held")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Reservation")
    expect(owner.locator("td", has_text="5.00EUR").last).to_be_visible()
    axe(owner)
    owner.goto("/transactions/main/taken")
    owner.get_by_role("link", name="held").click()
    assert owner.url.endswith("/transactions/main/held")


@pytest.mark.parametrize("path", [f"/accounts?begins={EVIL}", f"/accounts?ledger={EVIL}", f"/wallets?begins={EVIL}",
                                  f"/accounts/main/{ACCOUNT}?words={EVIL}&since={EVIL}&way={EVIL}"])  # fmt: skip
def test_no_script_in_an_address_runs(owner: Page, path: str) -> None:
    owner.goto(path)
    assert owner.locator("script:not([src])").count() == owner.locator("img").count() == 0


def test_a_page_without_scripts_is_the_same(house: House, signed_in: Any, moved: None) -> None:
    page = house.page(storage_state=signed_in, java_script_enabled=False)
    page.goto(f"/accounts/main/{ACCOUNT}")
    page.get_by_label("Direction").select_option("in")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("table.entries tbody tr")).to_have_count(3)
