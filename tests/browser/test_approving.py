"""A payment above the limit is agreed to by a second person, whose passkey signs its amount and payee."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import NARROW, House, axe
from tests.browser.paying import (
    CLAIRE,
    FIETSEN,
    HOSTILE,
    RAHMENBAU,
    balance,
    look_at,
    paid,
    upload,
    with_passkey,
)
from tests.payments.orders import Order, initiation

CLERK, APPROVER = "Clerk of the demonstration", "Approver of the demonstration"


def ask(page: Page, amount: str, *, payee: str = "Müller Rahmenbau", iban: str = RAHMENBAU) -> str:
    """Ask for a payment that others must agree to; answers the id of the payment."""
    payment = look_at(page, payee=payee, iban=iban, amount=amount, reference="Frames")
    page.get_by_role("button", name=re.compile("^Ask for")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Others must agree")
    return payment


def approval_of(page: Page) -> str:
    """Where the approval is shown that a waiting page names."""
    return page.get_by_role("link", name="Follow it").get_attribute("href") or ""


@pytest.fixture(scope="module")
def kept() -> list[dict[str, Any]]:
    """The passkey of whoever may agree."""
    return []


@pytest.fixture
def approver(house: House, kept: list[dict[str, Any]]) -> Iterator[Page]:
    """Somebody who may agree, with a passkey on a device of their own."""
    page, device = with_passkey(house, "approver", kept)
    yield page
    # It has counted on meanwhile, and one that counts less is taken for a copy.
    kept[:] = device.passkeys


def test_a_payment_above_the_limit_is_paid_once_after_a_second_person_agreed(
    house: House, approver: Page
) -> None:
    clerk = house.page("clerk")
    before = balance(house, "mueller-rahmenbau")
    payment = ask(clerk, "1,250.01")
    there = approval_of(clerk)
    axe(clerk)
    assert paid(house, payment) == []

    approver.goto("/approvals")
    axe(approver)
    row = approver.get_by_role("row").filter(has_text="1,250.01")
    expect(row).to_contain_text(CLERK)
    row.get_by_role("link", name="a payment").click()
    assert approver.url.endswith(there)
    main = approver.get_by_role("main")
    expect(main).to_contain_text(f"{CLERK} asks you to agree")
    for text in ("1,250.01EUR", "Müller Rahmenbau", "DE89 3704 0044 0532 0130 00", "Frames"):
        expect(main).to_contain_text(text)
    axe(approver)
    digest = approver.locator(".digest code").inner_text()
    approver.get_by_role("button", name="Agree with a passkey").click()
    expect(approver.get_by_role("status").filter(has_text="Agreed")).to_be_visible()

    # What the page showed is what was signed.
    (row,) = house.running.rows(
        "SELECT client_data FROM identity.approval_vote WHERE approval_id = $1",
        there.rpartition("/")[2],
    )
    challenge = json.loads(row["client_data"])["challenge"]
    assert digest == _hex(challenge)

    # The page of whoever asked says by itself when to go on.
    expect(clerk.get_by_text("It is agreed to. Press")).to_be_visible()
    clerk.get_by_role("button", name="Send it again").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert [one["state"] for one in paid(house, payment)] == ["settled"]
    assert balance(house, "mueller-rahmenbau") == before + 1_250_01
    clerk.goto(f"/pay/{payment}")
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert balance(house, "mueller-rahmenbau") == before + 1_250_01

    approver.get_by_role("link", name="Verify the signatures again").click()
    expect(approver.get_by_role("status")).to_contain_text("Every signature fits")
    axe(approver)


def _hex(challenge: str) -> str:
    return base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)).hex()


def test_a_large_payment_does_not_hide_in_a_long_file(house: House, approver: Page) -> None:
    clerk = house.page("clerk")
    small = [Order(amount="0.01", end_to_end_id=f"E-{number}") for number in range(1, 250)]
    upload(clerk, initiation(*small, Order(amount="1500.00", to=CLAIRE), message_id="LONG"))
    clerk.get_by_role("button", name="Send it", exact=True).click()
    approver.goto(approval_of(clerk))
    decide = approver.locator("section.decide")
    expect(decide).to_contain_text("1,502.49EUR")
    expect(decide).to_contain_text("The largest of 250 in EUR1,500.00EUR")
    expect(decide).to_contain_text(FIETSEN)
    table = approver.get_by_role("table")
    expect(table.get_by_role("row").nth(1)).to_contain_text(CLAIRE)
    expect(table.locator("caption")).to_contain_text("1 to 200 of 250")
    axe(approver)
    approver.get_by_role("link", name="Next page").click()
    expect(table.locator("caption")).to_contain_text("201 to 250 of 250")
    expect(approver.get_by_role("button", name="Agree with a passkey")).to_be_enabled()


def test_whoever_lost_the_waiting_page_sends_the_payment_from_its_approval(
    house: House, approver: Page
) -> None:
    clerk = house.page("clerk")
    payment = ask(clerk, "1,100.00")
    there = approval_of(clerk)
    approver.goto(there)
    approver.get_by_role("button", name="Agree with a passkey").click()
    expect(approver.get_by_role("status").filter(has_text="Agreed")).to_be_visible()
    clerk.goto("/approvals")
    assert clerk.url.endswith("which=mine")
    axe(clerk)
    clerk.goto(there)
    expect(clerk.get_by_role("heading", level=1)).to_have_text("You asked")
    axe(clerk)
    clerk.get_by_role("button", name="Send it now").dblclick()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Payment to Müller Rahmenbau")
    assert [one["amount"] for one in paid(house, payment)] == [110_000]


def test_another_amount_is_another_act_that_was_not_agreed_to(house: House, approver: Page) -> None:
    clerk = house.page("clerk")
    payment = ask(clerk, "1,300.00")
    approver.goto(approval_of(clerk))
    approver.get_by_role("button", name="Agree with a passkey").click()
    expect(approver.get_by_role("status").filter(has_text="Agreed")).to_be_visible()
    clerk.evaluate("document.querySelector('form [name=minor]').value = '130001'")
    clerk.get_by_role("button", name="Send it again").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("Others must agree")
    assert paid(house, payment) == []


def test_whoever_says_no_may_say_why_and_whoever_asked_reads_it(
    house: House, approver: Page
) -> None:
    clerk = house.page("clerk", viewport=NARROW)
    payment = ask(clerk, "1,400.00", payee=HOSTILE, iban=CLAIRE)
    axe(clerk)
    there = approval_of(clerk)
    approver.goto("/approvals")
    expect(approver.get_by_role("table")).to_contain_text("<script>")
    approver.goto(there)
    expect(approver.get_by_role("main")).to_contain_text(HOSTILE)
    approver.get_by_label("Why, in a sentence").fill("x" * 500 + HOSTILE)
    approver.get_by_label("Why, in a sentence").fill(HOSTILE)
    approver.get_by_role("button", name="Reject").click()
    expect(approver.get_by_role("main")).to_contain_text(f"{APPROVER} said no: {HOSTILE}")
    axe(approver)
    expect(clerk.get_by_text("It was rejected: nothing is done.")).to_be_visible()
    clerk.goto(there)
    expect(clerk.get_by_role("main")).to_contain_text(f"{APPROVER} said no: {HOSTILE}")
    axe(clerk)
    assert paid(house, payment) == []
    assert "run" not in (clerk.title(), approver.title())


def test_whoever_asked_takes_it_back_and_nobody_agrees_to_their_own(
    house: House, approver: Page
) -> None:
    clerk = house.page("clerk")
    ask(clerk, "1,500.00")
    there = approval_of(clerk)
    clerk.goto(there)
    assert clerk.get_by_role("button", name="Agree with a passkey").count() == 0
    clerk.get_by_role("button", name="Take it back").click()
    expect(clerk.get_by_role("main")).to_contain_text("It was taken back")
    approver.goto(there)
    assert approver.get_by_role("button", name="Agree with a passkey").count() == 0
    # Who has no passkey is told so, and cannot sign.
    ask(clerk, "1,501.00")
    owner = house.page("owner")
    owner.goto(approval_of(clerk))
    expect(owner.get_by_role("main")).to_contain_text("You have no passkey: enrol one first.")
    owner.get_by_text("Agree without a passkey").first.click()
    owner.get_by_role("button", name="Agree without a passkey").click()
    expect(owner.get_by_role("alert")).to_contain_text("Only a passkey can agree to this")


def test_a_passkey_that_is_not_the_owners_agrees_to_nothing(
    house: House, kept: list[dict[str, Any]]
) -> None:
    clerk = house.page("clerk")
    ask(clerk, "1,600.00")
    page, device = with_passkey(house, "approver", kept)
    page.goto(approval_of(clerk))
    device.verifies(False)
    page.get_by_role("button", name="Agree with a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("0 has so far")
