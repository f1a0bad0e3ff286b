"""Signing in from the command line: by the development issuer, without a browser and with one, and out again."""

import stat
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tallystick.apps import local
from tallystick.apps.cli import login as login_command
from tests.apps.platform import Running, environment, run
from tests.identity.saml_provider import certificate_for
from tests.ports import free_port

PATH = "/dev/issuer"


@pytest.fixture(autouse=True)
def signed_out(up: Running) -> None:
    up.command("logout")


def test_somebody_of_the_demonstration_signs_in_asks_as_themselves_and_signs_out(
    up: Running,
) -> None:
    key = up.command("whoami").out
    said = up.command("login", "--as", "bookkeeper")
    assert said.code == 0, said
    assert said.out.startswith("signed in as per_")
    kept = Path(up.env["TALLYSTICK_HOME"]) / "session.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "tses_" not in said.out + said.err
    who = up.command("whoami").out
    assert who.startswith("per_")
    assert who != key
    assert up.command("wallet", "list").code == 0
    refused = up.command("people", "list")
    assert (refused.code, "not_allowed" in refused.err) == (1, True), refused
    session = local.msgspec.json.decode(kept.read_bytes())["session"]
    assert up.command("logout").out == "signed out\n"
    assert not kept.exists()
    shown = {"authorization": f"Bearer {session}"}
    answer = httpx.get(f"{up.url}/v1/whoami", headers=shown)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_not_accepted")
    assert up.command("whoami").out == key
    assert up.command("logout").out == "nobody is signed in here\n"


def test_each_of_the_demonstration_is_somebody_else(up: Running) -> None:
    found = {
        up.command("login", "--as", name).out.split()[3] for name in ("owner", "clerk", "approver")
    }
    assert len(found) == 3
    assert up.command("login", "--as", "owner").out.split()[3] in found
    assert up.command("people", "list").code == 0


def test_somebody_the_tenant_does_not_know_is_not_let_in(up: Running) -> None:
    said = up.command("login", "--as", "mallory")
    assert (said.code, said.err.startswith("tallystick: person_not_known: You are not known")) == (
        1,
        True,
    ), said
    assert up.command("login", "--as", "Mallory!").code == 1


def test_a_session_is_sent_to_its_own_platform_only_and_a_key_comes_first(up: Running) -> None:
    assert up.command("login", "--as", "owner").code == 0
    elsewhere = up.env | {"TALLYSTICK_URL": f"http://127.0.0.1:{free_port()}"}
    said = run("whoami", env=elsewhere)
    assert (said.code, "no key" in said.err) == (1, True), said
    said = run("whoami", env=up.env | {"TALLYSTICK_API_KEY": up.known["key"]})
    assert said.out.startswith("key_")


def test_a_browser_signs_in(up: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def browse(url: str) -> bool:
        def follow() -> None:
            page = httpx.get(url)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            links = _Links()
            links.feed(page.text)
            assert len(links.found) == 4
            sent = httpx.get(links.found[0])
            assert sent.status_code == 303
            # What else a browser asks for there is not found, and ends nothing.
            other = sent.headers["location"].partition("/callback")[0] + "/favicon.ico"
            assert httpx.get(other).status_code == 404
            assert "close this page" in httpx.get(sent.headers["location"]).text

        Thread(target=follow).start()
        return True

    monkeypatch.setattr(login_command.webbrowser, "open", browse)
    said = up.command("login")
    assert said.out.startswith("signed in as per_"), said


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [text for name, text in attrs if name == "href" and text]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
    ],
)
def test_the_development_issuer_answers_this_machine_alone(
    up: Running, headers: dict[str, str]
) -> None:
    url = f"{up.url}{PATH}/.well-known/openid-configuration"
    assert httpx.get(url).json()["issuer"] == f"{up.url}{PATH}"
    assert httpx.get(url, headers=headers).status_code == 404


def test_the_development_issuer_sends_nobody_away_from_loopback(up: Running) -> None:
    question = {
        "client_id": "tallystick-development", "response_type": "code", "state": "s", "nonce": "n",
        "code_challenge": "c", "code_challenge_method": "S256", "login_hint": "owner",
        "redirect_uri": "https://evil.example/",
    }  # fmt: skip
    for change in (
        {}, {"redirect_uri": "http://127.0.0.1:1/", "client_id": "other"},
        {"redirect_uri": "http://127.0.0.1:1/", "code_challenge_method": "plain"},
        {"redirect_uri": "http://127.0.0.1:1/", "login_hint": "<script>"},
    ):  # fmt: skip
        answer = httpx.get(f"{up.url}{PATH}/authorize", params=question | change)
        assert (answer.status_code, "location" in answer.headers) == (400, False), change
    form = {"grant_type": "authorization_code", "code": "guessed"}
    answer = httpx.post(f"{up.url}{PATH}/token", data=form)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TALLYSTICK_ENVIRONMENT": "production"}, "production"),
        ({"TALLYSTICK_ENVIRONMENT": "staging"}, "TALLYSTICK_ENVIRONMENT"),
        ({"TALLYSTICK_ENVIRONMENT": "production", "TALLYSTICK_DEVELOPMENT": "1"}, "TALLYSTICK_DEVELOPMENT"),
        ({"TALLYSTICK_COUNTRY_HEADER": "a b"}, "TALLYSTICK_COUNTRY_HEADER"),
    ],
)  # fmt: skip
def test_production_has_no_development_issuer(
    empty_home: Path, settings: dict[str, str], words: str
) -> None:
    said = run("up", env=environment(empty_home / "production", **settings))
    assert (said.code, words in said.err) == (1, True), said


def test_an_operator_sets_and_ends_providers_and_an_owner_needs_others_for_it(up: Running) -> None:
    tenant = up.known["tenant"]
    certificate = Path(up.env["TALLYSTICK_HOME"]).parent / "idp.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    certificate.write_text(certificate_for(key))
    saml = (
        "provider", "saml", "corporate", "--entity-id", "https://idp.example", "--sign-in-url",
        "https://idp.example/sso", "--our-entity-id", "us", "--answer-url", "https://us.example/saml",
        "--certificate", str(certificate),
    )  # fmt: skip
    oidc = ("provider", "oidc", "other", "--issuer", "https://login.example", "--client-id", "us")
    assert up.command(*saml, "--tenant", tenant).out == "corporate is set\n"
    assert up.command(*oidc, "--tenant", tenant).out == "other is set\n"
    assert up.command("login").err.startswith("tallystick: provider_not_found")
    assert up.command("login", "--as", "owner", "--provider", "development").code == 0
    listed = up.command("provider", "list").out.splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["corporate", "saml"], ["development", "oidc"], ["other", "oidc"],
    ]  # fmt: skip
    said = up.command(*oidc)
    assert (said.code, "step_up_needed" in said.err) == (1, True), said
    assert up.command("provider", "end", "other").code == 1
    for name in ("other", "corporate"):
        assert up.command("provider", "end", name, "--tenant", tenant).code == 0
    said = up.command(*saml[:-1], "nothing.pem", "--tenant", tenant)
    assert (said.code, "cannot read" in said.err) == (1, True)
