"""The common house of browser tests: a real platform, Chromium, people who sign in, passkeys, and the checks of axe.

Tests are plain functions over Playwright's sync API (a coroutine cannot be run in a package that uses it). One browser
and a few platforms serve all of them; each test has contexts of its own, which share nothing.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import httpx
from playwright.sync_api import (
    APIResponse,
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    ViewportSize,
    expect,
)

from tests.apps.platform import ROOT, Running
from tests.identity.authenticator import Passkey

CHROMIUM: Final = "/usr/bin/chromium"
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
NARROW: Final[ViewportSize] = {"width": 390, "height": 844}
# A machine that is busy with other tests is slow: what should come is waited for, and what should not is not.
WAIT_MS: Final = 30_000
SESSION: Final = "tallystick"
_AXE: Final = ROOT / "tests/counterparties/node_modules/axe-core/axe.min.js"
# A dark scheme changes colours and nothing else, which tests/console/test_statics.py holds: there it is those alone.
_LOOKED_FOR: Final[dict[Literal["light", "dark"], Any]] = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

expect.set_options(timeout=WAIT_MS)


class House:
    """One platform, as browsers reach it at ``url``."""

    def __init__(self, running: Running, browser: Browser) -> None:
        self.running, self.browser = running, browser
        self.url = f"http://localhost:{running.env['TALLYSTICK_PORT']}"
        self._contexts: list[BrowserContext] = []
        self._passkeys: dict[str, Passkey] = {}

    def context(self, **options: Any) -> BrowserContext:
        """A browser of somebody's own, with no cookies yet; closed after the test. ``options`` are Playwright's."""
        wanted = {"viewport": WIDE, "base_url": self.url, "locale": "en-GB"} | options
        made = self.browser.new_context(**wanted)
        made.set_default_timeout(WAIT_MS)
        self._contexts.append(made)
        return made

    def page(self, who: str = "", **options: Any) -> Page:
        """A page in a browser of its own, signed in as somebody of the demonstration (``owner``, ``clerk`` …)."""
        page = self.context(**options).new_page()
        if who:
            self._come_in(page, who)
        return page

    def _come_in(self, page: Page, who: str) -> None:
        """Sign in to the overview as `sign_in` does; the pages in between, which take most of it, are not drawn."""
        request, shown = page.context.request, {"sec-fetch-site": "same-origin"}
        begun = request.post(
            "/sign-in/provider",
            form={"next": "/", "tenant": self.running.known["tenant"]},
            headers=shown,
        )
        page.goto(_link(request.get(_link(begun, "Go on")), who))
        page.wait_for_url(f"{self.url}/")

    def close_contexts(self) -> None:
        """Close every browser that a test opened."""
        while self._contexts:
            self._contexts.pop().close()

    def asks(self, page: Page, method: str, path: str, body: Any = None) -> httpx.Response:
        """Ask the API with the session that a page is signed in by."""
        shown = {"authorization": f"Bearer {session_of(page.context)}"}
        return httpx.request(method, f"{self.running.url}{path}", json=body, headers=shown)

    def prove(self, page: Page) -> Passkey:
        """Prove a second factor freshly in the session of a page, from behind the pages: a passkey of software.

        It is enrolled when the person has none yet, which must be within ten minutes of signing in.
        """
        person = self.asks(page, "GET", "/v1/whoami").json()["actor"]
        if person not in self._passkeys:
            passkey = Passkey(origin=self.url)
            offered = self._done(page, "/v1/factors/passkey-offers")
            made = {"challenge": offered["challenge"], "label": "software"}
            made["credential"] = passkey.create(offered["options"])
            self._done(page, "/v1/factors/passkeys", made)
            self._passkeys[person] = passkey
        passkey = self._passkeys[person]
        asked = self._done(page, "/v1/factors/challenge")
        proof = {"challenge": asked["challenge"], "credential": passkey.get(asked["options"])}
        self._done(page, "/v1/factors/prove", proof)
        return passkey

    def _done(self, page: Page, path: str, body: Any = None) -> Any:
        answer = self.asks(page, "POST", path, body)
        assert answer.is_success, answer.text
        return answer.json()


def _link(answer: APIResponse, name: str) -> str:
    found = re.search(rf'<a class="button[^"]*" href="([^"]+)">{name}</a>', answer.text())
    assert found, answer.text()
    return html.unescape(found[1])


def sign_in(page: Page, who: str, *, to: str = "/") -> None:
    """Sign in as somebody of the demonstration by the development issuer, and go on to ``to``."""
    page.goto(f"/sign-in?next={to}")
    come_in(page, who)


def come_in(page: Page, who: str) -> None:
    """The same from the page of signing in."""
    page.get_by_role("button", name="Sign in with your organisation").click()
    page.get_by_role("link", name=who, exact=True).click()
    page.wait_for_url(lambda url: "/dev/issuer" not in url and "/sign-in" not in url)


def session_of(context: BrowserContext) -> str:
    """The token of the session that a browser is signed in by, '' for none."""
    kept = [one for one in context.cookies() if one.get("name") == SESSION]
    return kept[0].get("value", "") if kept else ""


class Authenticator:
    """A virtual authenticator of Chromium in one page: a device that holds passkeys and verifies its owner.

    Unless it ``offers`` one by itself where its owner types, somebody has to press a button.
    """

    def __init__(self, page: Page, *, offers: bool = True) -> None:
        if not offers:
            page.add_init_script(
                "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
            )
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        made = self.cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "ctap2Version": "ctap2_1",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self.id = made["authenticatorId"]

    def _send(self, method: str, **more: Any) -> Any:
        return self.cdp.send(f"WebAuthn.{method}", {"authenticatorId": self.id, **more})

    @property
    def passkeys(self) -> list[dict[str, Any]]:
        """The passkeys it holds."""
        return self._send("getCredentials")["credentials"]

    def takes(self, passkeys: list[dict[str, Any]]) -> None:
        """Have it hold passkeys that another one made."""
        for one in passkeys:
            self._send("addCredential", credential=one)

    def verifies(self, is_verified: bool) -> None:
        """Say whether its owner is verified from now on."""
        self._send("setUserVerified", isUserVerified=is_verified)

    def remove(self) -> None:
        """Take the device away."""
        self._send("removeVirtualAuthenticator")


def axe(page: Page) -> None:
    """Assert that axe finds nothing against WCAG 2.2 A and AA in a page, neither light nor dark."""
    for scheme, only in _LOOKED_FOR.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if not page.evaluate("typeof window.axe === 'object'"):
            page.evaluate(_axe())
        found = page.evaluate(
            "(only) => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only
        )
        told = [
            f"{page.url} ({scheme}): {one['id']}: {one['help']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert not told, "\n".join(told)
    page.emulate_media(color_scheme="light")


@cache
def _axe() -> str:
    return _AXE.read_text()


class Traffic:
    """What went over the wire for a page: addresses, and bytes as they came, headers and bodies."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.size = 0

    def asked(self, told: dict[str, Any]) -> None:
        """Note that an address is asked for, from the wire or from what the browser has kept."""
        self.addresses.append(told["request"]["url"])

    def answered(self, told: dict[str, Any]) -> None:
        """Take back what the browser had kept."""
        if told["response"].get("fromDiskCache") or told["response"].get("fromPrefetchCache"):
            self.kept(told["response"]["url"])

    def kept(self, url: str) -> None:
        """Take back one address."""
        if url in self.addresses:
            self.addresses.remove(url)

    def ended(self, told: dict[str, Any]) -> None:
        """Note how many bytes came."""
        self.size += int(told["encodedDataLength"])


@contextmanager
def traffic(page: Page) -> Iterator[Traffic]:
    """Count what goes over the wire meanwhile; what the browser has kept does not count."""
    counted, urls = Traffic(), dict[str, str]()
    cdp = page.context.new_cdp_session(page)

    def asked(told: dict[str, Any]) -> None:
        urls[told["requestId"]] = told["request"]["url"]
        counted.asked(told)

    cdp.on("Network.requestWillBeSent", asked)
    cdp.on("Network.requestServedFromCache", lambda told: counted.kept(urls[told["requestId"]]))
    cdp.on("Network.responseReceived", counted.answered)
    cdp.on("Network.loadingFinished", counted.ended)
    cdp.send("Network.enable")
    yield counted
    cdp.detach()


def shot(page: Page, folder: Path, name: str) -> None:
    """Take a screenshot of a whole page, for whoever looks at it."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
