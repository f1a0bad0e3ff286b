"""Signing in with a passkey and without, and what another site, another browser or an old session must not do."""

import base64
import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import Authenticator, House, axe, session_of, sign_in
from tests.browser.test_me import code, enrol_passkey, wrong_code

ALERT = "[role=alert]:not([hidden])"


def press_passkey(page: Page) -> None:
    page.get_by_role("button", name="Use a passkey").click()


def with_passkey(house: House, who: str) -> list[dict[str, object]]:
    """A passkey of somebody of the demonstration, enrolled freshly."""
    page = house.page(who)
    house.prove(page)
    return enrol_passkey(page, "laptop").passkeys


def test_a_passkey_signs_in_and_nobody_types_a_name(house: House) -> None:
    passkeys = with_passkey(house, "owner")
    page = house.page()
    device = Authenticator(page, offers=False)
    device.takes(passkeys)
    page.goto("/me/sessions")
    axe(page)
    press_passkey(page)
    page.wait_for_url("**/me/sessions")
    row = page.get_by_role("row").filter(has_text="this one")
    expect(row).to_contain_text("passkey")
    # That was a fresh proof: what asks for one goes through at once.
    page.goto("/me/factors/passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enrol a passkey")


def test_the_browser_offers_a_passkey_where_one_types(house: House) -> None:
    passkeys = with_passkey(house, "approver")
    page = house.page()
    Authenticator(page).takes(passkeys)
    page.goto("/sign-in?next=/me")
    page.wait_for_url("**/me")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approver of the demonstration")


def test_in_development_a_password_and_a_code_sign_in(house: House) -> None:
    kept = house.running.home / "people.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    person = json.loads(kept.read_text())["bookkeeper"]
    assert person["password"] in house.running.said
    page = house.page()
    page.goto("/sign-in?next=/me/sessions")
    page.get_by_role("button", name="Sign in with your organisation").click()
    page.wait_for_url("**/dev/issuer/**")
    axe(page)
    secret = base64.b32decode(person["secret"] + "=" * (-len(person["secret"]) % 8))
    for password, digits in (("wrong", code(secret)), (person["password"], wrong_code(secret))):
        answer_issuer(page, password, digits)
        expect(page.get_by_role("alert")).to_contain_text("The password or the code is wrong")
    used = code(secret)
    answer_issuer(page, person["password"], used)
    page.wait_for_url("**/me/sessions")
    expect(page.get_by_role("row").filter(has_text="this one")).to_contain_text("password, code")
    # The code was used, so whoever looked over the shoulder has nothing.
    again = house.page()
    again.goto("/sign-in")
    again.get_by_role("button", name="Sign in with your organisation").click()
    answer_issuer(again, person["password"], used)
    expect(again.get_by_role("alert")).to_contain_text("the code was used before")


def answer_issuer(page: Page, password: str, digits: str) -> None:
    page.get_by_label("Person").fill("bookkeeper")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code").fill(digits)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_without_a_passkey_on_the_device_a_word_says_what_to_do(house: House) -> None:
    page = house.page()
    Authenticator(page, offers=False)
    page.goto("/sign-in")
    press_passkey(page)
    expect(page.locator(ALERT)).to_contain_text("Nothing was chosen, or it took too long")
    axe(page)
    # It can be tried again at once.
    press_passkey(page)
    expect(page.locator(ALERT)).to_contain_text("Nothing was chosen, or it took too long")


def test_an_owner_who_is_not_verified_does_not_come_in(house: House) -> None:
    passkeys = with_passkey(house, "owner")
    page = house.page()
    device = Authenticator(page, offers=False)
    device.takes(passkeys)
    device.verifies(False)
    page.goto("/sign-in")
    press_passkey(page)
    expect(page.locator(ALERT)).to_be_visible()
    assert session_of(page.context) == ""


def test_a_passkey_that_was_removed_lets_nobody_in(house: House) -> None:
    page = house.page("clerk")
    house.prove(page)
    passkeys = enrol_passkey(page, "gone").passkeys
    page.get_by_role("button", name="Remove gone").click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    other = house.page()
    Authenticator(other, offers=False).takes(passkeys)
    other.goto("/sign-in")
    press_passkey(other)
    expect(other.locator(ALERT)).to_contain_text("does not let you in")
    axe(other)
    assert session_of(other.context) == ""


def test_an_answer_that_was_sent_already_opens_nothing(house: House) -> None:
    passkeys = with_passkey(house, "owner")
    page = house.page()
    Authenticator(page, offers=False).takes(passkeys)
    page.goto("/sign-in")
    with page.expect_request("**/sign-in/passkey") as sent:
        press_passkey(page)
    page.wait_for_url(f"{house.url}/")
    body = sent.value.post_data or ""
    answer = httpx.post(
        f"{house.url}/sign-in/passkey",
        content=body,
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
        },
    )
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_an_organisation_that_is_none_is_said_beside_the_field(house: House) -> None:
    page = house.page()
    page.goto("/sign-in")
    for typed, word in (
        ("bakery", "thirteen characters"),
        ("tnt_0000000000001", "No organisation of this id"),
    ):
        page.get_by_label("Organisation").fill(typed)
        page.get_by_role("button", name="Sign in with your organisation").click()
        expect(page.locator("#tenant-told")).to_contain_text(word)
        expect(page.get_by_label("Organisation")).to_have_value(typed)
    axe(page)


def test_a_new_session_is_none_the_browser_had_before(house: House) -> None:
    page = house.page()
    fixed = "tses_" + "0" * 26 + "_" + "0" * 59
    page.context.add_cookies([{"name": "tallystick", "value": fixed, "url": house.url}])
    page.goto("/me")
    expect(page.get_by_role("status")).to_contain_text("Your session has ended")
    assert session_of(page.context) == ""
    sign_in(page, "owner")
    first = session_of(page.context)
    assert first not in ("", fixed)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    sign_in(page, "owner")
    assert session_of(page.context) not in ("", fixed, first)
    # The one that was signed out of opens nothing, whoever has kept it.
    page.context.add_cookies([{"name": "tallystick", "value": first, "url": house.url}])
    page.goto("/me")
    assert "/sign-in?next=" in page.url


def test_a_sign_in_ends_in_the_browser_that_began_it(house: House) -> None:
    page, other = house.page(), house.page()
    page.goto("/sign-in")
    page.route("**/sign-in/back?*", lambda route: route.abort())
    page.get_by_role("button", name="Sign in with your organisation").click()
    with page.expect_request("**/sign-in/back?*") as sent:
        choose(page, "clerk")
    # Another browser that is led there is not signed in as somebody else without knowing (login CSRF).
    other.goto(sent.value.url)
    expect(other.get_by_role("alert").first).to_contain_text("did not come to its end")
    assert session_of(other.context) == ""


def choose(page: Page, who: str) -> None:
    page.get_by_role("link", name=who, exact=True).click()


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """A page of another origin, on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "path",
    ["/me/sessions/end-all", "/sign-out", "/sign-in/provider", "/sign-in/passkey", "/step-up"],
)
def test_a_page_of_another_site_does_nothing(house: House, path: str) -> None:
    page = house.page("owner")
    before = session_of(page.context)
    form = f'<form method="post" action="{house.url}{path}"><input name="next" value="/"><button>Win</button></form>'
    with another_site(form) as url:
        page.goto(url)
        page.get_by_role("button", name="Win").click()
        page.wait_for_url(f"**{path}")
        expect(page.get_by_role("alert")).to_contain_text("nothing was done")
    page.goto("/me")
    assert page.url == f"{house.url}/me"
    assert session_of(page.context) == before


def test_no_page_of_another_site_holds_ours_in_a_frame(house: House) -> None:
    page = house.page("owner")
    with another_site(f'<iframe src="{house.url}/me" width="800" height="400"></iframe>') as url:
        page.goto(url)
        page.wait_for_load_state("networkidle")
        framed = page.frames[1]
        assert "Owner of the demonstration" not in framed.content()
    answer = httpx.get(f"{house.url}/sign-in")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


def test_cookies_are_kept_from_scripts_and_other_sites(house: House) -> None:
    page = house.page("owner")
    found: list[Any] = list(page.context.cookies())
    kept = {one["name"]: one for one in found if one["name"] != "tallystick-zone"}
    assert set(kept) == {"tallystick", "tallystick-device", "tallystick-tenant"}
    assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in kept.values())
    assert all(one["path"] == "/" and one["domain"] == "localhost" for one in kept.values())
    # The session ends with the browser at the latest.
    assert kept["tallystick"]["expires"] == -1
    assert "tses_" not in page.evaluate("document.cookie")


def test_a_form_that_was_open_when_the_session_ended_is_not_lost(house: House) -> None:
    page = house.page("bookkeeper")
    page.goto("/me/factors/app")
    page.get_by_label("What to call it").fill("my phone")
    page.context.clear_cookies(name="tallystick")
    page.get_by_role("button", name="Show the picture").click()
    expect(page.get_by_text("nothing in it is lost")).to_be_visible()
    axe(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=re.compile("Sign in again")).click()
    again = opened.value
    again.get_by_role("button", name="Sign in with your organisation").click()
    choose(again, "bookkeeper")
    again.wait_for_url(f"{house.url}/")
    # Reloading sends the form again.
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Take this picture with the app")
