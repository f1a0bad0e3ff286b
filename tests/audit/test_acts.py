"""Recent acts: each finds its own, newest first, with the outcome, and what repeating does."""

from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest

from tallystick.audit import http
from tallystick.audit.api import Act, ActPage, ListActs
from tallystick.audit.model.acts import repeating, title_of
from tallystick.audit.model.policy import Policy
from tallystick.audit.service.door import AuditService
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import SECOND, parse
from tallystick.kernel.problems import Malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.edge import build_app
from tests.audit.sequencing import ORIGIN, House, housed

ANA = Caller(tenant_id=1, actor="per_ana", request="req_1")
BEN = Caller(tenant_id=1, actor="per_ben", request="req_2")
PAGES_MAX = 100


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def door(house: House) -> AuditService:
    return AuditService(database=await house.database("audit"), origin=ORIGIN, policy=Policy.none())


def did(number: int, caller: Caller = ANA, **changes: object) -> Deed:
    deed = Deed(
        tag=Tag.LEDGER_TRANSACTION_POST, caller=caller, on=f"1:{number}", at=SystemClock().now()
    )
    return msgspec.structs.replace(deed, **changes)


async def everything(audit: AuditService, caller: Caller, *, limit: int) -> list[Act]:
    """Walk all pages."""
    found: list[Act] = []
    after = None
    for _ in range(PAGES_MAX):
        message = ListActs(after=after, limit=limit)
        page: ActPage = await audit.acts(caller=caller, message=message)
        assert len(page.items) <= limit
        found += page.items
        if page.after is None:
            return found
        after = int(page.after)
    raise AssertionError("the pages do not end")


async def test_each_finds_its_own_acts_newest_first(house: House) -> None:
    stranger = Caller(tenant_id=2, actor="per_ana")
    job = Caller(tenant_id=1, actor="job:expire")
    await house.write(*[did(number, ANA if number % 3 else BEN) for number in range(600)])
    await house.write(did(601), did(602, job))
    await house.write(did(603, stranger))
    await house.write(did(604, outcome="exceeds_available_balance"), context="ledger")
    await house.sequenced()
    audit = await door(house)
    expected = [604, 601, *(number for number in range(599, -1, -1) if number % 3)]
    for limit in (7, 200):
        found = await everything(audit, ANA, limit=limit)
        assert [act.on for act in found] == [f"1:{number}" for number in expected]
    newest = (await audit.acts(caller=ANA, message=ListActs(limit=1))).items[0]
    assert (newest.outcome, newest.title) == (
        "exceeds_available_balance", "Transaction not posted",
    )  # fmt: skip
    assert newest.request == "req_1"
    assert [act.on for act in await everything(audit, stranger, limit=50)] == ["1:603"]
    assert len(await everything(audit, BEN, limit=200)) == 200
    assert await everything(audit, job, limit=50) == []
    assert await everything(audit, Caller(tenant_id=1, actor="per_an"), limit=50) == []


async def test_an_act_is_found_before_anybody_published_it(house: House) -> None:
    await house.write(did(1))
    sequencer = await house.sequencer()
    assert await sequencer.try_lease()
    await sequencer.round()
    page = await (await door(house)).acts(caller=ANA, message=ListActs())
    assert [act.on for act in page.items] == ["1:1"]


async def test_a_list_says_until_when_it_is_complete(house: House) -> None:
    await house.write(did(1))
    await house.sequenced()
    audit, sequencer = await door(house), await house.sequencer(unrenewed_s=0)
    assert await sequencer.try_lease()
    before = SystemClock().now()
    await sequencer.turn()
    page = await audit.acts(caller=ANA, message=ListActs())
    assert before - SECOND < parse(page.complete_until) <= SystemClock().now()
    await sequencer.give_up()
    # Nobody sequences: whatever was done since is not promised.
    page = await audit.acts(caller=ANA, message=ListActs())
    assert parse(page.complete_until) < before


async def test_a_name_that_is_none_of_ours_holds_up_nothing(house: House) -> None:
    for actor in ("x" * 5_000, "ä", "a\nb", "nul\0"):
        await house.write(did(1, Caller(tenant_id=1, actor=actor)))
    await house.write(did(2))
    await house.sequenced()
    assert (await house.sizes())[0] == 5
    rows = await house.rows("SELECT actor FROM audit.act WHERE tenant_id = 1")
    assert [row["actor"] for row in rows] == ["per_ana"]


@pytest.mark.parametrize("message", [ListActs(limit=0), ListActs(limit=201), ListActs(after=-1)])
async def test_a_page_that_cannot_be_is_refused(house: House, message: ListActs) -> None:
    with pytest.raises(Malformed):
        await (await door(house)).acts(caller=ANA, message=message)


async def test_acts_over_http(house: House) -> None:
    await house.write(did(1), did(2, BEN))
    await house.sequenced()

    async def authenticate(*_: object) -> Caller:
        return ANA

    app = build_app(
        routes=http.routes(await door(house)), authenticate=authenticate, title="x", version="1"
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = (await client.get("/v1/acts")).json()
        refused = await client.get("/v1/acts?by=per_ben")
    assert [act["on"] for act in answer["items"]] == ["1:1"]
    assert answer["items"][0]["may_repeat"] is True
    assert "Idempotency-Key" in answer["items"][0]["repeating"]
    assert refused.status_code == 400


@pytest.mark.parametrize("tag", list(Tag))
@pytest.mark.parametrize("outcome", ["done", "account_not_found"])
def test_every_act_is_told_in_words(tag: Tag, outcome: str) -> None:
    title = title_of(tag, outcome)
    assert title[0].isupper()
    assert ("not" in title.split()) is (outcome != "done")
    assert repeating(tag, outcome).how.endswith(".")


def test_what_makes_a_secret_is_not_safe_to_repeat() -> None:
    assert not repeating(Tag.IDENTITY_KEY_CREATE, "done").may
    assert repeating(Tag.IDENTITY_KEY_CREATE, "forbidden").may
    assert repeating(Tag.IDENTITY_KEY_REVOKE, "done").may
    assert "first answer again" in repeating(Tag.LEDGER_TRANSACTION_HOLD, "done").how
