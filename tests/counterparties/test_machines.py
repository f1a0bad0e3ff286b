"""Certified clients of others get tokens from ours and use them; and they are refused when they ask for less."""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import httpx
import pytest

from tests.apps.platform import ROOT, Running, environment
from tests.counterparties.serving import Talking, Tenant, node
from tests.identity.signing import Signer
from tests.ports import free_port

GUIDE = ROOT / "docs" / "guides" / "machines.md"
REDIRECT = "https://app.example/back"


@pytest.fixture(scope="module")
def served(migrated_url):
    """`tallystick serve` on the database of the tests."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-counterparties-"))
    os.chmod(home, 0o711)
    env = environment(
        home,
        TALLYSTICK_PORT=str(free_port()),
        TALLYSTICK_DATABASE_URL=migrated_url,
        TALLYSTICK_TOKEN_KEYS=str(home / "token-keys"),
    )
    running = Running("serve", env=env, log=home / "log")
    yield running
    running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def tenant(served, database_for) -> Tenant:
    made = Tenant(await database_for("identity"), served.url)
    await made.settle()
    return made


def script_of(guide: Path) -> str:
    """The program that the guide shows."""
    found = re.search(r"```js\n(.*?)```", guide.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def agreed(url: str, authorize: str, session: str) -> str:
    """Agree, as whoever holds a session: where the browser goes then."""
    waiting = httpx.get(authorize).json()
    answer = httpx.post(
        url + waiting["consent"],
        json={"allow": True},
        headers={"authorization": f"Bearer {session}"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["redirect"]


async def test_openid_client_does_what_the_guide_says(tenant, tmp_path):
    signer = Signer("ES256", kid="2026-11")
    client = await tenant.client(key_set={"keys": [signer.jwk]})
    await tenant.give(client.client_id, "bookkeeper")
    key = tmp_path / "client-key.json"
    key.write_text(json.dumps(signer.private_jwk))
    said = node(
        "--input-type=module",
        "-",
        given=script_of(GUIDE),
        environment={
            "TALLYSTICK_URL": tenant.url,
            "CLIENT_ID": client.client_id,
            "CLIENT_KEY": str(key),
        },
    )
    assert client.client_id in said
    assert "Bakery" in said


async def test_oauth4webapi_asks_a_person_and_gets_nothing_cheaper(tenant):
    signer = Signer("ES256", kid="k1")
    client = await tenant.client(
        key_set={"keys": [signer.jwk]}, redirect_uris=(REDIRECT,), scope=("read_books",)
    )
    person, session = await tenant.person()
    await tenant.give(person, "owner")
    talking = Talking("third_party.mjs")
    try:
        talking.tell(
            json.dumps(
                {
                    "url": tenant.url,
                    "clientId": client.client_id,
                    "jwk": signer.private_jwk,
                    "redirectUri": REDIRECT,
                }
            )
        )
        pushed = talking.hear()
        assert pushed["expires_in"] < 600
        talking.tell(agreed(tenant.url, pushed["authorize"], session))
        found = talking.hear()
    finally:
        talking.end()
    assert found["who"]["actor"] == person
    assert found["token_type"] == "dpop"
    assert found["scope"] == "read_books"
    assert (found["claims"]["sub"], found["claims"]["client_id"]) == (person, client.client_id)
    assert found["refusals"] == {
        "plain challenge": "invalid_request",
        "no challenge": "invalid_request",
        "another redirect": "invalid_request",
        "token in the front": "unsupported_response_type",
        "more scope": "invalid_scope",
        "no proof of the client": "invalid_client",
        "a shared secret": "invalid_client",
        "a shared secret in a header": "invalid_client",
        "an assertion under HS256": "invalid_client",
        "a code without a proof": "invalid_request",
        "a code with another key": "invalid_dpop_proof",
        "a code with another verifier": "invalid_grant",
        "the token as a bearer": "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
        "the token with another key": "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
        "more than the scope": "403",
        "the code again": "invalid_grant",
    }


async def test_openid_client_asks_a_person_too(tenant):
    signer = Signer("Ed25519", kid="k1")
    client = await tenant.client(
        key_set={"keys": [signer.jwk]}, redirect_uris=(REDIRECT,), scope=("read_books",)
    )
    person, session = await tenant.person()
    talking = Talking("app.mjs")
    try:
        talking.tell(
            json.dumps(
                {
                    "url": tenant.url,
                    "clientId": client.client_id,
                    "jwk": signer.private_jwk,
                    "redirectUri": REDIRECT,
                }
            )
        )
        talking.tell(agreed(tenant.url, talking.hear()["authorize"], session))
        found = talking.hear()
    finally:
        talking.end()
    assert found["who"]["actor"] == person
    assert found["scope"] == "read_books"
    assert found["mixUp"] == "OAUTH_INVALID_RESPONSE"
