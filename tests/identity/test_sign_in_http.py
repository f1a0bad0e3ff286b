"""Signing in over HTTP: what is public, what is shown, and what a header may say."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tallystick.identity.http import providers as providers_http
from tallystick.identity.http import sessions as sessions_http
from tallystick.identity.http.proving import authenticator
from tallystick.runtime.edge import build_app
from tests.identity.issuers import DEVICE, REDIRECT
from tests.identity.saml_provider import Provider
from tests.identity.test_sign_in_saml import Hall

COUNTRY = "CF-IPCountry"


@pytest.fixture
async def hall(database_for) -> Hall:
    hall = Hall(await database_for("identity"))
    await hall.open(Provider(elliptic=True))
    await hall.person()
    return hall


def app_of(hall: Hall, *, country_header: str = COUNTRY) -> Any:
    return build_app(
        routes=[
            *sessions_http.routes(hall.sign_in, hall.sessions, country_header=country_header),
            *providers_http.routes(hall.providers),
        ],
        authenticate=authenticator(
            sessions_http.session_prover(hall.sessions),
            sessions_http.token_prover(hall.sessions, country_header=country_header),
        ),
        title="Identity",
        version="1",
        problems=sessions_http.PROVEN,
    )


@pytest.fixture
async def client(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app_of(hall), client=("198.51.100.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as opened:
        yield opened


async def signed_in(hall: Hall, client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    question = {"tenant": hall.tenant, "redirect": REDIRECT, "provider": "main"}
    begun = (await client.post("/v1/sign-in", json=question)).json()
    state = httpx.URL(begun["url"]).params["state"]
    hall.issuer.nonce = httpx.URL(begun["url"]).params["nonce"]
    finish = {
        "tenant": hall.tenant,
        "flow": begun["flow"],
        "code": "c",
        "state": state,
        "device": DEVICE,
    }
    answer = await client.post("/v1/sign-in/finish", json=finish, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def facts(hall: Hall) -> Any:
    (row,) = await hall.rows(
        "SELECT network, country, device, device_known FROM identity.session WHERE tenant_id = $1 "
        "ORDER BY session_id DESC LIMIT 1",
        hall.tenant_id,
    )
    return row


async def test_somebody_signs_in_and_ends_the_session(
    hall: Hall, client: httpx.AsyncClient
) -> None:
    signed = await signed_in(hall, client)
    shown = {"authorization": f"Bearer {signed['session']}"}
    listed = await client.get("/v1/sessions", headers=shown)
    assert [one["current"] for one in listed.json()["items"]] == [True]
    assert signed["session"] not in listed.text
    gone = await client.delete(f"/v1/sessions/{signed['session_id']}", headers=shown)
    assert gone.json() == {"ended": 1}
    refused = await client.get("/v1/sessions", headers=shown)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_not_accepted")
    assert refused.headers["www-authenticate"] == "Bearer"
    again = {"authorization": f"bearer {(await signed_in(hall, client))['session']}"}
    assert (await client.delete("/v1/sessions", headers=again)).json() == {"ended": 1}


async def test_the_country_is_taken_from_the_header_that_is_set_and_from_no_other(
    hall: Hall,
) -> None:
    for header, sent, kept in (
        (COUNTRY, {"cf-ipcountry": "nl"}, "NL"),
        (COUNTRY, {"cf-ipcountry": "Holland"}, ""),
        (COUNTRY, {"x-country": "NL"}, ""),
        ("", {"cf-ipcountry": "NL"}, ""),
    ):
        app = app_of(hall, country_header=header)
        transport = httpx.ASGITransport(app=app, client=("198.51.100.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
            await signed_in(hall, client, **sent)
            row = await facts(hall)
            assert (row["network"], row["country"]) == ("198.51.100.9", kept)


async def test_a_body_says_no_country(hall: Hall, client: httpx.AsyncClient) -> None:
    finish = {"tenant": hall.tenant, "flow": "x", "code": "c", "state": "s", "country": "NL"}
    answer = await client.post("/v1/sign-in/finish", json=finish)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    finish = {"tenant": hall.tenant, "flow": "x", "code": "c", "state": "s", "device": "short"}
    assert (await client.post("/v1/sign-in/finish", json=finish)).status_code == 400


async def test_a_browser_brings_the_answer_of_saml_and_is_sent_on(
    hall: Hall, client: httpx.AsyncClient
) -> None:
    question = {"tenant": hall.tenant, "redirect": REDIRECT, "provider": "corporate"}
    begun = (await client.post("/v1/sign-in", json=question)).json()
    hall.provider.hear(begun["url"])
    form = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/v1/sign-in/saml/{hall.tenant}"
    good = hall.provider.good_form()
    answer = await client.post(path, content=good, headers=form)
    assert answer.status_code == 303
    back = httpx.URL(answer.headers["location"])
    assert str(back).startswith(REDIRECT)
    finish = {"tenant": hall.tenant, "flow": begun["flow"], **dict(back.params)}
    assert (await client.post("/v1/sign-in/finish", json=finish)).status_code == 201
    again = await client.post(path, content=good, headers=form)
    assert (again.status_code, again.json()["code"]) == (401, "sign_in_not_accepted")
    as_json = await client.post(path, json={})
    assert as_json.status_code == 415


async def test_an_access_token_is_shown_as_any_other_credential(
    hall: Hall, client: httpx.AsyncClient
) -> None:
    shown = {
        "authorization": f"Bearer {hall.issuer.access_token()}",
        "tallystick-device": DEVICE,
        "cf-ipcountry": "DE",
    }
    assert (await client.get("/v1/sessions", headers=shown)).status_code == 200
    row = await facts(hall)
    assert (row["country"], row["device_known"], bool(row["device"])) == ("DE", False, True)
    for bad in ("Bearer eyJ", "Bearer eyJ.eyJ.x", f"Bearer {hall.issuer.access_token(aud='x')}"):
        answer = await client.get("/v1/sessions", headers={"authorization": bad})
        assert (answer.status_code, answer.json()["code"]) == (401, "access_token_not_accepted")


async def test_providers_are_set_listed_and_ended(hall: Hall, client: httpx.AsyncClient) -> None:
    signed = await signed_in(hall, client)
    shown = {"authorization": f"Bearer {signed['session']}"}
    oidc = {"provider": "oidc", "issuer": "https://new.example", "client_id": "us"}
    made = await client.put("/v1/oidc-providers", json=oidc, headers=shown)
    assert (made.status_code, made.json()["set_by"]) == (200, signed["person"])
    taken = await client.put("/v1/oidc-providers", json=oidc | {"provider": "b"}, headers=shown)
    assert (taken.status_code, taken.json()["code"]) == (409, "issuer_taken")
    saml = {
        "provider": "saml", "entity_id": "https://s.example", "sign_in_url": "https://s.example/sso",
        "our_entity_id": "us", "answer_url": "https://us.example/saml",
        "certificates": [hall.provider.certificate],
    }  # fmt: skip
    assert (await client.put("/v1/saml-providers", json=saml, headers=shown)).status_code == 200
    gone = await client.delete("/v1/providers/oidc", headers=shown)
    assert [one["provider"] for one in gone.json()["items"]] == ["corporate", "main", "saml"]
    assert (await client.delete("/v1/providers/oidc", headers=shown)).status_code == 404
    listed = await client.get("/v1/providers", headers=shown)
    assert listed.json() == gone.json()
