"""People sign in by the certified oidc-provider, a real program on loopback; and its access tokens are taken."""

import hashlib
import re
import secrets
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from tallystick.identity.adapters.oidc import OidcIssuers
from tallystick.identity.api.providers import EndProvider
from tallystick.identity.api.sessions import (
    AccessTokenNotAccepted,
    PersonNotKnown,
    ProveAccessToken,
    ProveSession,
    SignInNotAccepted,
)
from tallystick.identity.model.jws import encoded
from tests.counterparties.serving import Talking
from tests.identity.issuers import AUDIENCE, EDGE, House

REDIRECTS_MAX = 20
BACK = "http://127.0.0.1:45454/callback"
_ACTION = re.compile(r'action="([^"]+)"')


@pytest.fixture(scope="module", params=["ES256", "PS256", "RS256"])
def issuer(request: pytest.FixtureRequest):
    """The issuer's address, and what it signs with."""
    program = Talking("issuer.mjs", request.param)
    yield program.hear()["issuer"], request.param
    program.end()


class Street(House):
    """A house whose provider is a program of others."""

    allows_loopback = True

    def __init__(self, database, issuer: str) -> None:
        self.real = issuer
        super().__init__(database)
        self.issuer.name = issuer

    def new_issuers(self) -> OidcIssuers:
        return OidcIssuers(clock=self.clock, allows_loopback=True)


@pytest.fixture
async def street(database_for, issuer: tuple[str, str]):
    street = Street(await database_for("identity"), issuer[0])
    await street.found(algorithms=(issuer[1],))
    yield street
    # Whose tokens are told by the audience: each tenant of these tests has the whole issuer in turn.
    await street.providers.end(caller=street.operator, message=EndProvider(provider="main"))


def through_browser(url: str, name: str) -> dict[str, str]:
    """Sign in at the issuer as somebody would in a browser: what it sends back."""
    with httpx.Client() as browser:
        answer = browser.get(url)
        for _ in range(REDIRECTS_MAX):
            if answer.is_redirect:
                there = urljoin(str(answer.url), answer.headers["location"])
                if there.startswith(BACK):
                    return {key: one[0] for key, one in parse_qs(urlsplit(there).query).items()}
                answer = browser.get(there)
                continue
            action = _ACTION.search(answer.text)
            assert action is not None, answer.text
            prompt = "login" if 'name="login"' in answer.text else "consent"
            form = {"prompt": prompt, "login": name, "password": "any"}
            answer = browser.post(urljoin(str(answer.url), action[1]), data=form)
    raise AssertionError("the issuer never sends back")


async def test_a_person_signs_in_by_a_certified_issuer(street: Street) -> None:
    person = await street.person("alice")
    begun, _ = await street.start(redirect=BACK)
    back = through_browser(begun.url, "alice")
    signed = await street.finish(begun, back, code=back["code"], issuer=back["iss"])
    assert signed.person == person
    proven = await street.sessions.prove(caller=EDGE, message=ProveSession(session=signed.session))
    assert proven.actor == person


async def test_an_answer_without_its_issuer_a_code_used_twice_and_a_stranger_are_refused(
    street: Street,
) -> None:
    await street.person("alice")
    begun, _ = await street.start(redirect=BACK)
    back = through_browser(begun.url, "alice")
    with pytest.raises(SignInNotAccepted):
        # It says that its answers name it (RFC 9207).
        await street.finish(begun, back, code=back["code"])
    again, asked = await street.start(redirect=BACK)
    with pytest.raises(SignInNotAccepted):
        # The code of one sign-in, in another: the issuer refuses the verifier.
        await street.finish(again, asked, code=back["code"], issuer=back["iss"])
    begun, _ = await street.start(redirect=BACK)
    back = through_browser(begun.url, "mallory")
    with pytest.raises(PersonNotKnown):
        await street.finish(begun, back, code=back["code"], issuer=back["iss"])


def token_of(issuer: str, name: str, *, resource: str | None = AUDIENCE) -> dict[str, str]:
    """What another application of the tenant gets from the issuer."""
    verifier = secrets.token_urlsafe(32)
    query = {
        "client_id": "their-app", "response_type": "code", "redirect_uri": BACK,
        "scope": "openid api" if resource else "openid",
        "code_challenge": encoded(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256", "state": "s",
    } | ({"resource": resource} if resource else {})  # fmt: skip
    back = through_browser(str(httpx.URL(f"{issuer}/auth", params=query)), name)
    form = {
        "grant_type": "authorization_code", "client_id": "their-app", "code": back["code"],
        "redirect_uri": BACK, "code_verifier": verifier,
    } | ({"resource": resource} if resource else {})  # fmt: skip
    answer = httpx.post(f"{issuer}/token", data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_access_token_of_a_certified_issuer_is_taken_and_its_id_token_is_not(
    street: Street,
) -> None:
    person = await street.person("alice")
    given = token_of(street.real, "alice")
    proven = await street.sessions.prove_token(
        caller=EDGE, message=ProveAccessToken(token=given["access_token"])
    )
    assert (proven.tenant_id, proven.actor) == (street.tenant_id, person)
    for other in (
        token_of(street.real, "alice", resource="https://api.other.example")["access_token"],
        token_of(street.real, "alice", resource=None)["id_token"],
        token_of(street.real, "alice", resource=None)["access_token"],
    ):
        with pytest.raises(AccessTokenNotAccepted):
            await street.sessions.prove_token(caller=EDGE, message=ProveAccessToken(token=other))
