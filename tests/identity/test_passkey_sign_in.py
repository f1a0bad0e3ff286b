"""Signing in with a passkey alone: nobody says who they are, and each way in which what is shown is refused."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.identity.adapters.oidc import OidcIssuers
from tallystick.identity.api.factors import OfferPasskey, RemoveFactor
from tallystick.identity.api.sessions import (
    AskWays,
    FinishPasskeySignIn,
    PasskeyAsked,
    PersonNotKnown,
    SignedIn,
    SignIn,
    SignInNotAccepted,
    StartPasskeySignIn,
)
from tallystick.identity.model import session_texts, totp
from tallystick.identity.service.opening import UNDER_WAY
from tallystick.identity.service.sign_ins import SignInService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_name
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Malformed
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen
from tests.identity.authenticator import PRESENT, Passkey, to_text
from tests.identity.factors_house import KEY, HandClock, House

EDGE = Caller(tenant_id=0, actor="edge", request="req_1", origin="203.0.113.7 their-id")
DEVICE = "device-of-chance-0001"


class Entrance:
    """The door of signing in of a house."""

    def __init__(self, house: House, *keys: bytes) -> None:
        self.house, self.pen = (
            house,
            Pen(database=house.database, context="identity", clock=house.clock),
        )
        service = SignInService(
            database=house.database,
            mint=house.mint,
            clock=house.clock,
            issuers=OidcIssuers(clock=house.clock, allows_loopback=False),
            pen=self.pen,
            proofs=house.proofs_with(totp.KeyRing(keys or (KEY,))),
        )
        self.door: SignIn = near(SignIn, service, refusals=self.pen, wire=True)

    async def start(self) -> PasskeyAsked:
        return await self.door.start_passkey(caller=EDGE, message=StartPasskeySignIn())

    async def finish(self, flow: str, credential: Any, **more: Any) -> SignedIn:
        message = FinishPasskeySignIn(flow=flow, credential=credential, **more)
        return await self.door.finish_passkey(caller=EDGE, message=message)

    async def sign_in(self, passkey: Passkey, **more: Any) -> SignedIn:
        asked = await self.start()
        return await self.finish(asked.flow, passkey.get(asked.options), **more)

    async def sessions(self, caller: Caller) -> int:
        rows = await self.house.rows(
            "SELECT 1 FROM identity.session WHERE person_id = $1", caller.actor
        )
        return len(rows)


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=4), await database_for("operator")
    return await House(database, operator, HandClock()).open()


@pytest.fixture
def entrance(house: House) -> Entrance:
    return Entrance(house)


async def test_a_passkey_says_whose_it_is_and_opens_a_session_with_a_fresh_second_factor(
    house: House, entrance: Entrance
) -> None:
    ada, bob = await house.person("Ada"), await house.person("Bob")
    passkey = await house.passkey(ada)
    await house.passkey(bob)
    house.clock.at += 3_600 * SECOND
    asked = await entrance.start()
    assert asked.options["allowCredentials"] == []
    assert asked.options["userVerification"] == "required"
    signed = await entrance.finish(
        asked.flow, passkey.get(asked.options), device=DEVICE, country="DE"
    )
    assert (signed.person, signed.mfa) == (ada.actor, True)
    assert session_texts.is_session(signed.session)
    (row,) = await house.rows(
        "SELECT * FROM identity.session WHERE session_id = $1", signed.session_id
    )
    assert row["hash"] == session_texts.hash_of(signed.session)
    assert (row["methods"], row["issuer"]) == (["passkey"], "localhost")
    assert (row["network"], row["country"], row["device_known"]) == ("203.0.113.7", "DE", False)
    assert row["mfa_at"] == row["stepped_up_at"] == row["started_at"]
    # It counts: what asks for a fresh proof goes through in that session.
    there = Caller(tenant_id=house.tenant_id, actor=ada.actor, session=signed.session_id)
    assert await house.factors.offer_passkey(caller=there, message=OfferPasskey())
    (told,) = await house.told("identity.person.sign_in")
    assert told.content
    assert (told.by, told.outcome, told.content["mfa"]) == (ada.actor, "done", True)
    proven = (await house.told("identity.factor.prove"))[-1].content or {}
    assert proven["method"] == "passkey"
    # The device is known the next time, since a second factor was proven on it.
    again = await entrance.sign_in(passkey, device=DEVICE)
    (row,) = await house.rows(
        "SELECT device_known FROM identity.session WHERE session_id = $1", again.session_id
    )
    assert row["device_known"] is True


async def test_a_handle_has_ids_of_ours_and_nothing_of_the_person(house: House) -> None:
    ada = await house.person("Ada Lovelace")
    passkey = await house.passkey(ada)
    assert passkey.handle == to_text(f"{tenant_name(house.tenant_id)}:{ada.actor}".encode())


async def test_a_passkey_from_before_works_where_its_tenant_is_named(
    house: House, entrance: Entrance
) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    passkey.handle = to_text(ada.actor.encode())
    with pytest.raises(SignInNotAccepted):
        await entrance.sign_in(passkey)
    signed = await entrance.sign_in(passkey, tenant=tenant_name(house.tenant_id))
    assert signed.person == ada.actor
    assert (await house.prove(ada, passkey)).method == "passkey"


async def test_a_passkey_of_one_tenant_opens_no_other(house: House, entrance: Entrance) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    other = await House(house.database, house.operator, house.clock).open()
    for tenant in (other.tenant_id, house.tenant_id + 1):
        with pytest.raises(SignInNotAccepted):
            await entrance.sign_in(passkey, tenant=tenant_name(tenant))
        passkey.handle = to_text(f"{tenant_name(tenant)}:{ada.actor}".encode())
        with pytest.raises(SignInNotAccepted):
            await entrance.sign_in(passkey)
        passkey.handle = to_text(f"{tenant_name(house.tenant_id)}:{ada.actor}".encode())
    with pytest.raises(Malformed):
        await entrance.sign_in(passkey, tenant="tnt_no")
    assert (await entrance.sign_in(passkey)).person == ada.actor


async def test_an_answer_is_good_once(house: House, entrance: Entrance) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    asked = await entrance.start()
    answer = passkey.get(asked.options)
    await entrance.finish(asked.flow, answer)
    with pytest.raises(SignInNotAccepted):
        await entrance.finish(asked.flow, answer)
    # A new signature over the same challenge is no better.
    with pytest.raises(SignInNotAccepted):
        await entrance.finish(asked.flow, passkey.get(asked.options))
    assert await entrance.sessions(ada) == 2
    refused = [one for one in await house.told("identity.person.sign_in") if one.outcome != "done"]
    assert [one.outcome for one in refused] == ["sign_in_not_accepted"] * 2


async def test_of_two_at_once_one_comes_in(house: House, entrance: Entrance) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    asked = await entrance.start()
    answer = passkey.get(asked.options)
    both = await asyncio.gather(
        *(entrance.finish(asked.flow, answer) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["SignInNotAccepted", "SignedIn"]
    assert await entrance.sessions(ada) == 2


@pytest.mark.parametrize("later", [UNDER_WAY, 24 * 3_600 * SECOND, -SECOND])
async def test_a_challenge_is_good_for_ten_minutes(
    house: House, entrance: Entrance, later: int
) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    asked = await entrance.start()
    house.clock.at += later
    with pytest.raises(SignInNotAccepted):
        await entrance.finish(asked.flow, passkey.get(asked.options))
    assert await entrance.sessions(ada) == 1


async def test_a_challenge_is_one_of_ours_for_this_sign_in(
    house: House, entrance: Entrance
) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    mine, theirs = await entrance.start(), await entrance.start()
    stranger = await Entrance(house, bytes(32)).start()
    made_up = {**mine.options, "challenge": to_text(bytes(40))}
    # Of another sign-in: whoever sees an answer on its way cannot use it with a secret of their own.
    with pytest.raises(SignInNotAccepted):
        await entrance.finish(theirs.flow, passkey.get(mine.options))
    with pytest.raises(SignInNotAccepted):
        await entrance.finish(stranger.flow, passkey.get(stranger.options))
    for flow in (mine.flow, "", "tsin_no", mine.flow[:-1] + "0"):
        with pytest.raises(SignInNotAccepted):
            await entrance.finish(flow, passkey.get(made_up))
    # Those who know nothing of a tenant leave nothing in its record, nor anywhere else.
    assert await house.told("identity.person.sign_in") == []
    assert await house.rows("SELECT 1 FROM identity.once") == []
    # Keys that were rotated: what was asked under the older one is still good.
    rotated = Entrance(house, bytes([1]) * 32, KEY)
    assert (await rotated.finish(mine.flow, passkey.get(mine.options))).person == ada.actor


@pytest.mark.parametrize("status", ["suspended", "left"])
async def test_who_may_not_come_in_does_not(house: House, entrance: Entrance, status: str) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    await house.rows(
        "UPDATE identity.person SET status = $1 WHERE person_id = $2", status, ada.actor
    )
    with pytest.raises(PersonNotKnown):
        await entrance.sign_in(passkey)
    assert await entrance.sessions(ada) == 1
    (told,) = await house.told("identity.person.sign_in")
    assert told.outcome == "person_not_known"


async def test_a_passkey_that_was_removed_opens_nothing(house: House, entrance: Entrance) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    await house.passkey(ada)
    (row,) = await house.rows(
        "SELECT factor_id FROM identity.factor WHERE credential_id = $1", passkey.credential_id
    )
    await house.factors.remove(caller=ada, message=RemoveFactor(factor=row["factor_id"]))
    with pytest.raises(SignInNotAccepted):
        await entrance.sign_in(passkey)
    assert await entrance.sessions(ada) == 1


async def test_a_copy_of_a_passkey_is_noticed(house: House, entrance: Entrance) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    await entrance.sign_in(passkey)
    passkey.sign_count = 0
    with pytest.raises(SignInNotAccepted):
        await entrance.sign_in(passkey)
    (row,) = await house.rows("SELECT sign_count FROM identity.factor")
    assert row["sign_count"] == 1


def _elsewhere(passkey: Passkey) -> None:
    passkey.origin = "https://evil.example"


def _framed(passkey: Passkey) -> None:
    passkey.more = {"crossOrigin": True}


def _of_another_place(passkey: Passkey) -> None:
    passkey.rp_id = "evil.example"


def _unverified(passkey: Passkey) -> None:
    passkey.flags = PRESENT


def _by_another_key(passkey: Passkey) -> None:
    passkey.key = Passkey().key


def _of_nobody(passkey: Passkey) -> None:
    passkey.handle = None


def _of_somebody_else(passkey: Passkey) -> None:
    assert passkey.handle
    passkey.handle = passkey.handle[:-4] + "AAAA"


def _unknown(passkey: Passkey) -> None:
    passkey.credential_id = bytes(32)


@pytest.mark.parametrize(
    "change",
    [
        _elsewhere, _framed, _of_another_place, _unverified, _by_another_key, _of_nobody, _of_somebody_else,
        _unknown,
    ],
)  # fmt: skip
async def test_what_is_not_as_it_must_be_is_refused_alike(
    house: House, entrance: Entrance, change: Callable[[Passkey], None]
) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    change(passkey)
    with pytest.raises(SignInNotAccepted) as refused:
        await entrance.sign_in(passkey)
    assert refused.value.detail == "The sign-in was not accepted: begin again."
    assert await entrance.sessions(ada) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"id": 1}, {"response": None}, {"response": []}, {"response": {"userHandle": 7}},
        {"response": {"userHandle": "_w"}}, {"response": {"userHandle": "AAAA", "clientDataJSON": "e30"}},
    ],
)  # fmt: skip
async def test_what_is_no_answer_of_a_passkey_is_refused(
    house: House, entrance: Entrance, broken: dict[str, Any]
) -> None:
    ada = await house.person()
    passkey = await house.passkey(ada)
    asked = await entrance.start()
    answer = passkey.get(asked.options)
    for credential in (broken, {**answer, **broken}, json.loads(json.dumps(answer)) | broken):
        if credential != answer:
            with pytest.raises(SignInNotAccepted):
                await entrance.finish(asked.flow, credential)
    with pytest.raises(Malformed):
        await entrance.finish(asked.flow, {"more": "x" * 20_000})
    with pytest.raises(Malformed):
        await entrance.finish(asked.flow, answer, device="short")
    # Nothing was spent by any of that.
    assert (await entrance.finish(asked.flow, answer)).person == ada.actor


async def test_whoever_asks_is_told_by_which_providers_people_come_in(
    house: House, entrance: Entrance
) -> None:
    ways = await entrance.door.ways(
        caller=EDGE, message=AskWays(tenant=tenant_name(house.tenant_id))
    )
    assert ways.providers == ()
    with pytest.raises(Malformed):
        await entrance.door.ways(caller=EDGE, message=AskWays(tenant="bakery"))
