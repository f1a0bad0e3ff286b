"""Oneself: proofs are enrolled and removed, sessions end, and a fresh proof is asked for in between."""

import base64
import re
import time

from playwright.sync_api import Page, expect

from tallystick.identity.model import totp
from tests.browser.house import Authenticator, House, axe, sign_in


def enrol_passkey(page: Page, label: str) -> Authenticator:
    device = Authenticator(page)
    page.goto("/me/factors/passkey")
    page.get_by_label("What to call it").fill(label)
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/me/factors")
    return device


def secret_on(page: Page) -> bytes:
    text = page.locator("code.id").first.inner_text()
    return base64.b32decode(text + "=" * (-len(text) % 8))


def code(secret: bytes, *, ahead: int = 0) -> str:
    return totp.code_of(secret, totp.step_of(time.time_ns() // 1_000) + ahead)


def test_a_person_sees_who_they_are_and_what_they_may_do(house: House) -> None:
    page = house.page("bookkeeper")
    page.locator('header a[href="/me"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bookkeeper of the demonstration")
    expect(page.locator("main")).to_contain_text("Bookkeeper of the demonstration: Bookkeeper")
    expect(page.locator("main")).to_contain_text("this one")
    axe(page)


def test_a_passkey_is_enrolled_and_proves_it_in_between(house: House) -> None:
    page = house.page("owner")
    device = enrol_passkey(page, "my <b>laptop</b>")
    assert len(device.passkeys) == 1
    expect(page.get_by_role("rowheader")).to_have_text("my <b>laptop</b>")
    axe(page)
    # The same device holds one already.
    page.goto("/me/factors/passkey")
    page.get_by_label("What to call it").fill("again")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("holds a passkey of yours already")
    axe(page)

    # A new session has no fresh proof: removing asks for one, and goes on with the very form.
    other = house.page("owner")
    Authenticator(other).takes(device.passkeys)
    other.goto("/me/factors")
    other.get_by_role("button", name="Remove my").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Show that it is you")
    axe(other)
    other.get_by_role("button", name="Use a passkey").click()
    # It was the last one, so it stays: the form came through, and was refused for what it says.
    expect(other.get_by_role("alert")).to_contain_text("It is your last")


def test_an_app_is_enrolled_by_its_picture_and_its_code(house: House) -> None:
    page = house.page("clerk")
    page.goto("/me/factors/app")
    page.get_by_label("What to call it").fill("phone")
    axe(page)
    page.get_by_role("button", name="Show the picture").click()
    expect(page.get_by_role("img")).to_be_visible()
    secret = secret_on(page)
    axe(page)
    page.get_by_label("The code it shows now").fill(wrong_code(secret))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".wrong").first).to_contain_text("The code is wrong")
    assert secret_on(page) == secret
    page.get_by_label("The code it shows now").fill(code(secret))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/me/factors")
    expect(page.get_by_role("rowheader")).to_have_text("phone")


def wrong_code(secret: bytes) -> str:
    now = totp.step_of(time.time_ns() // 1_000)
    near = {totp.code_of(secret, now + ahead) for ahead in range(-3, 4)}
    return next(text for n in range(1_000_000) if (text := f"{n:06}") not in near)


def test_sessions_are_ended_one_by_one_and_all_at_once(house: House) -> None:
    here, there = house.page("approver"), house.page("approver")
    here.goto("/me/sessions")
    axe(here)
    expect(here.get_by_role("button", name=re.compile("^End the session"))).to_have_count(2)
    other_row = (
        here.get_by_role("row")
        .filter(has_not_text="this one")
        .filter(has=here.get_by_role("button"))
    )
    other_row.get_by_role("button").click()
    expect(here.get_by_role("button", name=re.compile("^End the session"))).to_have_count(1)
    there.goto("/me")
    assert "/sign-in" in there.url
    sign_in(there, "approver")
    there.goto("/me/sessions")
    there.get_by_role("button", name="End all").click()
    there.wait_for_url("**/sign-in")
    here.goto("/me")
    assert "/sign-in" in here.url


def test_a_code_proves_it_in_between_and_wrong_ones_lock_it(house: House) -> None:
    page = house.page("bookkeeper")
    page.goto("/me/factors/app")
    page.get_by_label("What to call it").fill("phone")
    page.get_by_role("button", name="Show the picture").click()
    secret = secret_on(page)
    page.get_by_label("The code it shows now").fill(code(secret))
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/me/factors")

    # A page that asks for a proof is come back to.
    other = house.page("bookkeeper")
    other.goto("/me/factors/passkey")
    assert other.url.endswith("/step-up?next=%2Fme%2Ffactors%2Fpasskey")
    other.get_by_label("Code").fill(code(secret, ahead=1))
    other.get_by_role("button", name="Go on").click()
    other.wait_for_url("**/me/factors/passkey")

    third = house.page("bookkeeper")
    third.goto("/step-up?next=https://evil.example/")
    for _ in range(5):
        third.get_by_label("Code").fill(wrong_code(secret))
        third.get_by_role("button", name="Go on").click()
        expect(third.locator("#_code-told")).to_contain_text("The code is wrong")
    third.get_by_label("Code").fill(wrong_code(secret))
    third.get_by_role("button", name="Go on").click()
    expect(third.locator("#_code-told")).to_contain_text("Too many wrong codes")
    axe(third)
