"""A third party sends a person here: what it asks is said in words, answered once, and taken back."""

import hashlib
import secrets
import time
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tallystick.console import texts
from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.model.client_assertion import ASSERTION_TYPE
from tallystick.identity.model.jws import encoded
from tests.browser.house import House, axe
from tests.identity.signing import Signer

NAME = "Forecast <script>alert(1)</script>"
BACK = "https://third.example/back"


class ThirdParty:
    """A program of others that asks people to let it read."""

    def __init__(self, house: House, owner: Page) -> None:
        self.url = house.running.url
        self.signer, self.proof = Signer("ES256", kid="one"), Signer("ES256")
        body = {
            "name": NAME, "key_set": {"keys": [self.signer.jwk]}, "scope": ["read_books"],
            "redirect_uris": [BACK],
        }  # fmt: skip
        house.prove(owner)
        made = house.asks(owner, "POST", "/v1/clients", body)
        assert made.is_success, made.text
        self.client_id = made.json()["client_id"]

    def asking(self) -> str:
        """Where it sends a person's browser."""
        now, address = int(time.time()), f"{self.url}/oauth/par"
        claims: dict[str, Any] = {
            "iss": self.client_id, "sub": self.client_id, "aud": self.url, "iat": now, "exp": now + 60,
            "jti": secrets.token_hex(8),
        }  # fmt: skip
        proof = {"htm": "POST", "htu": address, "iat": now, "jti": secrets.token_hex(8)}
        form = {
            "client_assertion_type": ASSERTION_TYPE, "client_assertion": self.signer.token(claims),
            "response_type": "code", "redirect_uri": BACK, "scope": "read_books", "state": "kept",
            "code_challenge": encoded(hashlib.sha256(b"verifier" * 6).digest()),
            "code_challenge_method": "S256",
        }  # fmt: skip
        dpop = self.proof.token(proof, typ="dpop+jwt", jwk=self.proof.jwk)
        pushed = httpx.post(address, data=form, headers={"dpop": dpop})
        assert pushed.status_code == 201, pushed.text
        uri = pushed.json()["request_uri"]
        return f"{self.url}/oauth/authorize?client_id={self.client_id}&request_uri={uri}"


def test_a_person_is_asked_in_words_and_answers_once(house: House) -> None:
    page = house.page("owner")
    third = ThirdParty(house, page)
    page.route("https://third.example/**", lambda route: route.fulfill(body="back"))
    page.goto(third.asking())
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Let {NAME} act for you?")
    expect(page.locator("main")).to_contain_text(catalogue().titles["read_books"])
    axe(page)
    with page.expect_request("https://third.example/**") as sent:
        page.get_by_role("button", name="Let it").click()
    told = httpx.URL(sent.value.url).params
    assert (told["state"], "code" in told) == ("kept", True)
    # It is answered once, also after going back.
    page.goto(third.asking())
    address = page.url
    with page.expect_request("https://third.example/**") as sent:
        page.get_by_role("button", name="Do not").click()
    assert httpx.URL(sent.value.url).params["error"] == "access_denied"
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("answered already")
    page.goto("/me/consents")
    axe(page)
    expect(page.get_by_text("refused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Take back what").click()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Take back what")).to_have_count(0)


def test_a_program_is_told_and_nobody_answers_for_another(house: House) -> None:
    third = ThirdParty(house, house.page("owner"))
    address = third.asking()
    told = httpx.get(address)
    assert (told.status_code, told.json()["client_id"]) == (200, third.client_id)
    consent = told.json()["consent"].rpartition("/")[2]
    owner, clerk = house.page("owner"), house.page("clerk")
    for page in (owner, clerk):
        house.prove(page)
        page.route("https://third.example/**", lambda route: route.fulfill(body="back"))
        page.goto(f"/me/consents/{consent}")
    with owner.expect_request("https://third.example/**"):
        owner.get_by_role("button", name="Do not").click()
    clerk.get_by_role("button", name="Let it").click()
    expect(clerk.get_by_role("alert")).to_contain_text("no such request")


def test_every_bundle_that_can_be_asked_for_has_its_words() -> None:
    words = {
        key.partition(".")[2]: text
        for key, text in texts.catalogue("en").items()
        if key.startswith("bundles.")
    }
    assert words == dict(catalogue().titles)
