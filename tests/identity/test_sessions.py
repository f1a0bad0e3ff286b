"""Sessions: proven, remembered for five seconds, ended by time and by hand; and access tokens that stand for one."""

import asyncio
import json
from typing import Any

import pytest

from tallystick.identity.api.providers import (
    EndProvider,
    IssuerTaken,
    ListProviders,
    ProviderNotFound,
    SetOidcProvider,
    TooManyProviders,
)
from tallystick.identity.api.sessions import (
    AccessTokenNotAccepted,
    EndSession,
    EndSessions,
    ListSessions,
    PersonNotKnown,
    ProveAccessToken,
    ProveSession,
    SessionNotAccepted,
    SessionNotFound,
)
from tallystick.identity.model import session_texts
from tallystick.identity.model.jws import decoded
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tests.identity.issuers import AUDIENCE, CLIENT, EDGE, House
from tests.identity.signing import Signer, hmac_token, unsigned_token


@pytest.fixture
async def house(database_for) -> House:
    house = House(await database_for("identity"))
    await house.found()
    house.alice = await house.person()
    return house


async def prove(house: House, session: str) -> Caller:
    return await house.sessions.prove(caller=EDGE, message=ProveSession(session=session))


async def prove_token(house: House, token: str) -> Caller:
    return await house.sessions.prove_token(caller=EDGE, message=ProveAccessToken(token=token))


async def test_a_session_proves_its_person_from_where_the_request_came(house: House) -> None:
    signed = await house.signed_in()
    proven = await prove(house, signed.session)
    assert (proven.tenant_id, proven.actor, proven.session) == (
        house.tenant_id, signed.person, signed.session_id,
    )  # fmt: skip
    assert (proven.request, proven.origin) == (EDGE.request, EDGE.origin)


@pytest.mark.parametrize("text", ["", "tses_", "tses_x", "tally_x", "tses_" + "0" * 86, "ä" * 100])
async def test_what_is_no_session_is_refused(house: House, text: str) -> None:
    with pytest.raises(SessionNotAccepted) as caught:
        await prove(house, text)
    assert not caught.value.fields


async def test_one_letter_more_or_less_is_another_session(house: House) -> None:
    good = (await house.signed_in()).session
    for text in (
        good[:-1],
        good + "0",
        good.upper(),
        good[:40] + ("0" if good[40] != "0" else "1") + good[41:],
    ):
        with pytest.raises(SessionNotAccepted):
            await prove(house, text)
    assert await prove(house, good)


async def test_a_session_ends_after_twelve_hours_however_it_is_used(house: House) -> None:
    signed = await house.signed_in()
    for _ in range(11 * 60 // 25):
        house.clock.ahead += 25 * 60
        assert await prove(house, signed.session)
    house.clock.ahead += 12 * 3600 - house.clock.ahead
    with pytest.raises(SessionNotAccepted):
        await prove(house, signed.session)


async def test_a_session_that_rests_for_half_an_hour_has_ended(house: House) -> None:
    signed = await house.signed_in()
    house.clock.ahead += 29 * 60
    assert await prove(house, signed.session)
    house.clock.ahead += 29 * 60
    assert await prove(house, signed.session)
    house.clock.ahead += 31 * 60
    with pytest.raises(SessionNotAccepted):
        await prove(house, signed.session)


async def test_an_end_bites_here_at_once_and_elsewhere_within_five_seconds(house: House) -> None:
    signed = await house.signed_in()
    here, clock = house.sessions, house.clock
    asking = await prove(house, signed.session)
    house.open_process()
    assert await prove(house, signed.session)
    await here.end(caller=asking, message=EndSession(session_id=signed.session_id))
    with pytest.raises(SessionNotAccepted):
        await here.prove(caller=EDGE, message=ProveSession(session=signed.session))
    assert await prove(house, signed.session)
    clock.ahead += 5
    with pytest.raises(SessionNotAccepted):
        await prove(house, signed.session)


async def test_a_session_of_somebody_suspended_opens_nothing_within_five_seconds(
    house: House,
) -> None:
    signed = await house.signed_in()
    assert await prove(house, signed.session)
    await house.rows(
        "UPDATE identity.person SET status = 'suspended' WHERE tenant_id = $1", house.tenant_id
    )
    house.clock.ahead += 5
    with pytest.raises(SessionNotAccepted):
        await prove(house, signed.session)


async def test_sessions_are_listed_and_ended_by_their_own_person_alone(house: House) -> None:
    first, second = await house.signed_in(), await house.signed_in()
    await house.person("bob")
    house.issuer.subject = "bob"
    theirs = await house.signed_in()
    asking = await prove(house, second.session)
    page = await house.sessions.sessions(caller=asking, message=ListSessions(limit=1))
    assert [one.session_id for one in page.items] == [second.session_id]
    assert page.items[0].current
    rest = await house.sessions.sessions(caller=asking, message=ListSessions(after=page.after))
    assert [one.session_id for one in rest.items] == [first.session_id]
    assert first.session not in str(page) + str(rest)
    with pytest.raises(SessionNotFound):
        await house.sessions.end(caller=asking, message=EndSession(session_id=theirs.session_id))
    with pytest.raises(Malformed):
        await house.sessions.sessions(caller=asking, message=ListSessions(limit=0))
    assert (await house.sessions.end_all(caller=asking, message=EndSessions())).ended == 2
    assert (await house.sessions.end_all(caller=asking, message=EndSessions())).ended == 0
    again = EndSession(session_id=first.session_id)
    assert (await house.sessions.end(caller=asking, message=again)).ended == 0
    for session in (first.session, second.session):
        with pytest.raises(SessionNotAccepted):
            await prove(house, session)
    assert await prove(house, theirs.session)


async def test_an_ended_session_is_never_opened_again_even_by_its_service(house: House) -> None:
    signed = await house.signed_in()
    asking = await prove(house, signed.session)
    await house.sessions.end_all(caller=asking, message=EndSessions())
    with pytest.raises(Exception, match="has ended stays so"):
        await house.rows(
            "UPDATE identity.session SET ended_at = NULL WHERE tenant_id = $1", house.tenant_id
        )


# Access tokens of the tenant's provider.


async def test_an_access_token_proves_its_person_and_is_a_session(house: House) -> None:
    token = house.issuer.access_token(amr=["mfa"])
    proven = await prove_token(house, token)
    assert (proven.tenant_id, proven.actor) == (house.tenant_id, house.alice)
    (row,) = await house.rows(
        "SELECT * FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )
    assert row["session_id"] == proven.session
    assert row["hash"] == session_texts.hash_of(token)
    assert row["mfa_at"] is not None
    assert row["expires_at"] <= (house.clock.second + 361) * 1_000_000
    house.open_process()
    again = await asyncio.gather(*(prove_token(house, token) for _ in range(3)))
    assert {one.session for one in again} == {proven.session}


async def test_a_token_that_comes_to_many_at_once_is_one_session(house: House) -> None:
    token = house.issuer.access_token()
    found = await asyncio.gather(*(prove_token(house, token) for _ in range(2)))
    assert len({one.session for one in found}) == 1


async def test_a_session_of_a_token_lasts_a_day_at_most(house: House) -> None:
    await prove_token(house, house.issuer.access_token(exp=house.clock.second + 10_000_000))
    (row,) = await house.rows(
        "SELECT * FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )
    assert row["expires_at"] - row["started_at"] == 24 * 3600 * 1_000_000


async def test_a_token_whose_session_was_ended_is_refused_while_it_lasts(house: House) -> None:
    token = house.issuer.access_token()
    proven = await prove_token(house, token)
    await house.sessions.end(caller=proven, message=EndSession(session_id=proven.session))
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, token)
    house.open_process()
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, token)


async def test_a_token_ends_on_time_though_it_is_remembered(house: House) -> None:
    token = house.issuer.access_token(exp=house.clock.second - 57)
    assert await prove_token(house, token)
    house.clock.ahead += 4
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, token)


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "https://api.other.example"},
    "the audience of ID tokens": {"aud": CLIENT},
    "no audience": {"aud": ...},
    "twenty-one audiences": {"aud": [AUDIENCE, *(f"a{number}" for number in range(20))]},
    "no client": {"client_id": ...},
    "no number": {"jti": ...},
    "no subject": {"sub": ...},
    "no end": {"exp": ...},
    "no beginning": {"iat": ...},
    "bound to a key": {"cnf": {"jkt": "x"}},
    "not yet": {"nbf": 99_999_999_999},
    "from tomorrow": {"iat": 99_999_999_999},
    "long ago": {"exp": 1_000_000_000},
    "a subject of a lookalike": {"sub": ["alice"]},
}


@pytest.mark.parametrize("name", sorted(WRONG))
async def test_an_access_token_that_is_wrong_is_refused(house: House, name: str) -> None:
    with pytest.raises(AccessTokenNotAccepted) as caught:
        await prove_token(house, house.issuer.access_token(**WRONG[name]))
    assert (
        caught.value.detail
        == "Send an access token of your provider that is for this service and in force."
    )
    assert not await house.rows(
        "SELECT 1 FROM identity.session WHERE tenant_id = $1", house.tenant_id
    )


@pytest.mark.parametrize("typ", [None, "JWT", "dpop+jwt", "application/jwt", "at+jwt+x"])
async def test_only_a_token_that_says_it_is_an_access_token_is_one(
    house: House, typ: str | None
) -> None:
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, house.issuer.access_token(typ=typ))
    assert await prove_token(house, house.issuer.access_token(typ="application/at+jwt"))


async def test_a_token_that_is_signed_otherwise_is_refused(house: House) -> None:
    good = house.issuer.access_token()
    head, body, signature = good.split(".")
    claims = json.loads(decoded(body))
    public = json.dumps(house.issuer.signer.jwk).encode()
    stranger = Signer("ES256", kid="k1")
    for bad in (
        unsigned_token(claims, typ="at+jwt", kid="k1"),
        unsigned_token(claims, typ="at+jwt", signature=signature),
        hmac_token(claims, secret=public, typ="at+jwt", kid="k1"),
        stranger.token(claims, typ="at+jwt"),
        Signer("ES256", kid="unknown").token(claims, typ="at+jwt"),
        f"{head}.{body}.{signature}==",
        f"{head}.{body}=.{signature}",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.",
        good.replace(".", "..", 1),
        house.issuer.access_token(x="y" * 8_192),
        house.issuer.signer.raw('{"alg":"ES256","typ":"at+jwt"}', '{"iss":' * 1_000),
        "eyJ",
        "eyJ..",
    ):
        with pytest.raises(AccessTokenNotAccepted):
            await prove_token(house, bad)
    assert await prove_token(house, good)


async def test_a_token_of_another_tenant_is_of_that_tenant(house: House) -> None:
    other = House(house.database)
    await other.found()
    await other.person()
    house.others["other"] = other.issuer
    token = other.issuer.access_token()
    assert (await prove_token(house, token)).tenant_id == other.tenant_id
    # Signed by the one, and said to be of the other.
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, house.issuer.access_token(iss=other.issuer.name))
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, other.issuer.access_token(iss=house.issuer.name))


async def test_a_token_of_nobody_we_know_says_so(house: House) -> None:
    with pytest.raises(PersonNotKnown):
        await prove_token(house, house.issuer.access_token(sub="mallory"))


async def test_without_an_audience_no_access_token_is_taken(house: House) -> None:
    await house.set_provider(audience=None)
    with pytest.raises(AccessTokenNotAccepted):
        await prove_token(house, house.issuer.access_token())


# Providers.


async def test_a_provider_is_set_again_and_ended(house: House) -> None:
    await house.set_provider(client_id="second")
    listed = await house.providers.providers(caller=house.operator, message=ListProviders())
    assert [(one.provider, one.client, one.set_by) for one in listed.items] == [
        ("main", "second", "operator")
    ]
    left = await house.providers.end(caller=house.operator, message=EndProvider(provider="main"))
    assert left.items == ()
    with pytest.raises(ProviderNotFound):
        await house.providers.end(caller=house.operator, message=EndProvider(provider="main"))
    rows = await house.rows(
        "SELECT number FROM identity.provider WHERE tenant_id = $1 ORDER BY number", house.tenant_id
    )
    assert [row["number"] for row in rows] == [1, 2]
    await house.set_provider()


async def test_an_issuer_speaks_once_in_a_tenant_and_an_audience_for_one_tenant(
    house: House,
) -> None:
    with pytest.raises(IssuerTaken):
        await house.set_provider(provider="second")
    other = House(house.database)
    await other.found()
    with pytest.raises(IssuerTaken):
        await other.set_provider(issuer=house.issuer.name)
    # Another audience, or none, is no clash: an issuer may serve many.
    await other.set_provider(issuer=house.issuer.name, audience="https://api.other.example")


async def test_a_tenant_has_twenty_providers_at_most(house: House) -> None:
    for number in range(19):
        await house.set_provider(
            provider=f"p{number}", issuer=f"https://i{number}.example", audience=None
        )
    with pytest.raises(TooManyProviders):
        await house.set_provider(provider="more", issuer="https://more.example", audience=None)
    await house.set_provider(client_id="again")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", "Main"), ("provider", ""), ("issuer", "http://login.example"), ("issuer", "https://"),
        ("issuer", "https://login.example/?x"), ("issuer", "https://login.example/#x"),
        ("issuer", "https://user@login.example"), ("issuer", "http://127.0.0.1:99"), ("client_id", ""),
        ("client_id", "a b"), ("audience", CLIENT), ("algorithms", ()), ("algorithms", ("none",)),
        ("algorithms", ("HS256",)), ("redirects", ("http://evil.example",)), ("redirects", ("https://a.example",) * 11),
        ("mfa_contexts", ("x",) * 21), ("mfa_contexts", ("",)),
    ],
)  # fmt: skip
async def test_a_provider_that_is_wrong_is_not_set(house: House, field: str, value: Any) -> None:
    fields: dict[str, Any] = {
        "provider": "other",
        "issuer": "https://o.example",
        "client_id": CLIENT,
    }
    with pytest.raises(Malformed) as caught:
        await house.providers.set_oidc(
            caller=house.operator, message=SetOidcProvider(**fields | {field: value})
        )
    assert next(iter(caught.value.fields)).startswith(field)


async def test_sign_ins_ends_and_providers_are_on_record_with_their_texts_sealed(
    house: House, database_for
) -> None:
    signed = await house.signed_in()
    asking = await prove(house, signed.session)
    await house.sessions.end(caller=asking, message=EndSession(session_id=signed.session_id))
    begun, asked = await house.start()
    house.issuer.changes = {"aud": "other"}
    with pytest.raises(Exception, match="not accepted"):
        await house.finish(begun, asked)
    operator = await database_for("operator")
    async with operator.transaction(tenant_id=house.tenant_id) as connection:
        rows = await connection.fetch("SELECT entries FROM identity.leaf")
    text = b"".join(row["entries"] for row in rows)
    for tag in (b"identity.provider.set", b"identity.person.sign_in", b"identity.session.end"):
        assert tag in text
    assert b'"outcome":"sign_in_not_accepted"' in text
    for private in (b"alice", b"login.example", b"203.0.113.7", signed.session.encode()):
        assert private not in text
