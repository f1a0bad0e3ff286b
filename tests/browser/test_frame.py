"""The frame of every page: who is signed in, what they may open, and forms that are nobody else's."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.house import NARROW, House, axe, come_in, session_of, sign_in
from tests.browser.paying import RAHMENBAU, balance, look_at


def menu(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Main menu").get_by_role("link").all_inner_texts()


def test_the_menu_shows_what_one_may_open_and_every_entry_opens(house: House) -> None:
    for who, few in (("owner", set()), ("clerk", {"People", "Record", "Operations"})):
        page = house.page(who)
        shown = menu(page)
        assert not few & set(shown)
        assert "Operations" in shown or few
        links = page.get_by_role("navigation", name="Main menu").get_by_role("link").all()
        for path in [one.get_attribute("href") for one in links]:
            answer = page.goto(path or "")
            assert answer is not None
            assert answer.status == 200, (who, path)


def test_every_page_says_who_is_signed_in_and_for_whom(house: House) -> None:
    page = house.page("clerk")
    for path in ("/", "/pay", "/nowhere", "/people"):
        page.goto(path)
        expect(page.locator("header")).to_contain_text("Clerk of the demonstration")
        expect(page.locator("header")).to_contain_text("Demonstration")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("You may not")
    assert "per_" not in page.locator("main").inner_text()
    axe(page)


def test_pages_under_an_entry_mark_it(house: House) -> None:
    page = house.page("owner")
    for path, name in (("/files", "Pay"), ("/payments", "Pay"), ("/wallets", "Accounts")):
        page.goto(path)
        assert page.locator(".menu [aria-current]").all_inner_texts() == [name]


def test_a_form_of_somebody_else_does_nothing(house: House) -> None:
    page = house.page("clerk")
    before = balance(house, "mueller-rahmenbau")
    look_at(page, payee="Müller Rahmenbau", iban=RAHMENBAU, amount="17.17")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/sign-in")
    sign_in(other, "owner")
    with page.expect_response(re.compile("/send$")) as answer:
        page.get_by_role("button", name=re.compile("^Pay ")).click()
    assert answer.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("made for somebody else")
    expect(page.locator("header")).to_contain_text("Owner of the demonstration")
    axe(page)
    assert balance(house, "mueller-rahmenbau") == before


def test_a_form_says_where_it_is_from_to_us_alone(house: House) -> None:
    page = house.page("clerk")
    payment = look_at(page, payee="Müller Rahmenbau", iban=RAHMENBAU, amount="18.18")
    with page.expect_request("**/send") as sent:
        page.get_by_role("button", name=re.compile("^Pay ")).click()
    headers = sent.value.all_headers()
    assert headers["origin"] == house.url
    assert headers["referer"] == f"{house.url}/pay/{payment}"
    # A browser from before Fetch Metadata is known by that alone.
    before = {"cookie": f"tallystick={session_of(page.context)}", "origin": house.url}
    for path in (f"/pay/{payment}/send", "/sign-out"):
        answer = httpx.post(f"{house.url}{path}", data={"a": "b"}, headers=before)
        assert answer.status_code != 403, path
    page.goto("/me")
    assert "/sign-in" in page.url


def test_signing_in_again_ends_the_session_before(house: House) -> None:
    page = house.page("clerk")
    first = session_of(page.context)
    # A page of signing in that was open before: another session begins in the same browser.
    page.goto("/sign-in/back")
    come_in(page, "owner")
    assert session_of(page.context) not in ("", first)
    page.context.add_cookies([{"name": "tallystick", "value": first, "url": house.url}])
    page.goto("/me")
    assert "/sign-in" in page.url


def test_on_a_phone_the_menu_is_one_row(house: House) -> None:
    page = house.page("owner", viewport=NARROW)
    page.goto("/operator")
    bar = page.locator("header")
    assert (bar.bounding_box() or {})["height"] < 130
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    # Where one is, is in sight; and whoever goes by keys sees where they are too.
    expect(page.locator(".menu [aria-current]")).to_be_in_viewport(ratio=0.9)
    first = page.get_by_role("link", name="Overview", exact=True)
    first.focus()
    expect(first).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Accounts", exact=True)).to_be_focused()
