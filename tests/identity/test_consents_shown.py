"""What a person is told before they agree that a third party acts for them."""

import pytest

from tests.identity.machines_house import LOOPBACK, HandClock, House


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def house(database_for, clock, tmp_path):
    made = House(
        database=await database_for("identity"),
        clock=clock,
        keys_path=tmp_path / "token-keys",
        proxies=LOOPBACK,
    )
    await made.settle()
    async with made.client:
        yield made


async def test_who_asks_for_what_and_until_when_is_told_before_anybody_agrees(house):
    party, who = await house.third_party(), await house.person()
    pushed = (await party.ask("/oauth/par", **party.pushed("v" * 43))).json()
    query = {"client_id": party.client_id, "request_uri": pushed["request_uri"]}
    path = (await house.client.get("/oauth/authorize", params=query)).json()["consent"]
    told = (await house.as_person("GET", path, who)).json()
    assert told["client_id"] == party.client_id
    assert told["client"]
    assert told["scope"] == ["read_wallets"]
    assert told["asked_at"] < told["expires_at"]
    assert not {"decided_at", "allowed", "redeemed_at"} & told.keys()
    # Nothing of it takes the request up in the client's place.
    assert pushed["request_uri"].rpartition(".")[2] not in str(told)
