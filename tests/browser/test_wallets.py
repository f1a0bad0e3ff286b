"""Wallets by forms: opened once however often it is asked, frozen, limited, closed, and refusals beside their field."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, axe

EVIL = "<script>alert(1)</script><b onmouseover=alert(2)>\"'>{{7*7}}"


@pytest.fixture(scope="module")
def signed_in(whole_house: House) -> Any:
    """As everywhere, with a fresh second factor."""
    page = whole_house.page("owner")
    whole_house.prove(page)
    return page.context.storage_state()


def fill(page: Page, *, name: str, wallet: str = "", **fields: str) -> None:
    """Fill in the form of a new wallet."""
    page.goto("/open-wallet")
    page.get_by_label("Name of the owner").fill(name)
    page.get_by_label("Name of the wallet").fill(f"{name}'s")
    if wallet:
        page.get_by_label("Id", exact=True).fill(wallet)
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(value)


def opened(page: Page, wallet: str) -> None:
    fill(page, name=wallet.title(), wallet=wallet)
    page.get_by_role("button", name="Open a wallet").click()
    page.wait_for_url(f"**/wallets/{wallet}?done=opened")


def test_pressing_twice_and_going_back_opens_one_wallet(owner: Page) -> None:
    fill(owner, name=EVIL)
    axe(owner)
    made = owner.get_by_label("Id", exact=True).input_value()
    owner.get_by_role("button", name="Open a wallet").dblclick()
    owner.wait_for_url(f"**/wallets/{made}?done=opened")
    expect(owner.get_by_role("status")).to_have_text("The wallet is open.")
    expect(owner.get_by_role("heading", level=1)).to_have_text(f"{EVIL}'s")
    axe(owner)
    owner.go_back()
    assert owner.get_by_label("Id", exact=True).input_value() == made
    owner.get_by_label("Name of the owner").fill(EVIL)
    owner.get_by_label("Name of the wallet").fill(f"{EVIL}'s")
    owner.get_by_role("button", name="Open a wallet").click()
    owner.wait_for_url(f"**/wallets/{made}?done=opened")
    owner.goto(f"/wallets?begins={made[:4]}")
    expect(owner.locator("tbody tr")).to_have_count(1)
    expect(owner.locator("tbody")).to_contain_text(EVIL)
    axe(owner)
    # Another wallet under the same id is refused at the field, with all that was filled in.
    fill(owner, name="Somebody else", wallet=made)
    owner.get_by_role("button", name="Open a wallet").click()
    expect(owner.get_by_label("Id", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(owner.get_by_label("Name of the owner")).to_have_value("Somebody else")


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("IBAN", "ES00 1234"),
        ("IBAN", "ES91 2100 0418 4502 0005 1332"),
        ("Currency", "GELD"),
        ("At_least_available", "ten"),
        ("At_most_available", "-1"),
    ],
)
def test_what_is_refused_is_said_beside_its_field(owner: Page, label: str, value: str) -> None:
    fill(owner, name="Refused", **{label: value})
    with owner.expect_response("**/open-wallet") as answered:
        owner.get_by_role("button", name="Open a wallet").click()
    assert answered.value.status == 422
    wrong = owner.locator(".field .wrong")
    expect(wrong).to_have_count(1)
    expect(owner.get_by_label(label.replace("_", " "))).to_have_value(value)
    expect(owner.get_by_label("Name of the owner")).to_have_value("Refused")
    axe(owner)


def test_a_wallet_is_frozen_limited_added_to_and_closed(owner: Page) -> None:
    opened(owner, "changing")
    owner.get_by_role("link", name="Add an account").click()
    axe(owner)
    owner.get_by_label("Currency").fill("gold.1")
    owner.get_by_label("Digits after the point").fill("9")
    owner.get_by_role("button", name="Add an account").click()
    expect(owner.get_by_role("status")).to_have_text("The account was added.")
    owner.get_by_role("row", name="GOLD.1").get_by_role("link", name="Change limits").click()
    expect(owner.get_by_label("At least available")).to_have_value("0.000000000")
    owner.get_by_label("At least available").fill("-12.5")
    owner.get_by_label("At most available").fill("1,000")
    axe(owner)
    owner.get_by_role("button", name="Set the limits").click()
    row = owner.get_by_role("row", name="GOLD.1")
    expect(row).to_contain_text("at least \N{MINUS SIGN}12.500000000")
    expect(row).to_contain_text("at most 1,000.000000000")
    row.get_by_role("link", name="Change limits").click()
    owner.get_by_label("At least available").fill("2000")
    owner.get_by_role("button", name="Set the limits").click()
    expect(owner.get_by_label("At least available")).to_have_attribute("aria-invalid", "true")
    for way, badge in (
        ("Freeze", "frozen"),
        ("Unfreeze", "open"),
        ("Close", "closed"),
        ("Reopen", "open"),
    ):
        owner.goto("/wallets/changing/change")
        axe(owner)
        owner.get_by_role("button", name=f"{way} the wallet").dblclick()
        owner.wait_for_url("**/wallets/changing?done=*")
        expect(owner.locator(".badge")).to_have_text(badge)


def test_a_wallet_with_money_is_not_closed(owner: Page) -> None:
    owner.goto("/wallets/electrical/change")
    owner.get_by_role("button", name="Close the wallet").click()
    expect(owner.get_by_role("alert")).to_be_visible()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Wallet not empty")


def test_another_site_opens_and_freezes_nothing(house: House, owner: Page) -> None:
    for path in ("/open-wallet", "/wallets/electrical/freeze", "/wallets/electrical/close"):
        answer = owner.request.post(
            f"{house.url}{path}", form={"id": "stolen"}, headers={"origin": "https://evil.example"}
        )
        assert answer.status == 403
    owner.goto("/wallets/electrical")
    expect(owner.locator(".badge")).to_have_text("open")
