"""The record and the tables say the same; what somebody did to either as their owner is named."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tallystick.apps import demonstration
from tallystick.apps.identifying import NearIdentity
from tallystick.apps.parts import CONTEXTS
from tallystick.audit.model import comparing as limits
from tallystick.audit.model import tiles
from tallystick.audit.model.comparing import Comparison, DifferenceCode
from tallystick.audit.service import walking as pages
from tallystick.identity.api import CreateKey, RevokeKey
from tallystick.identity.api.people import AddPerson
from tallystick.identity.api.rights import (
    GiveDelegation,
    GiveRole,
    MakeRole,
    SetRule,
    TakeDelegation,
    TakeRole,
)
from tallystick.identity.service.rights import RightsService
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, render
from tallystick.kernel.problems import Problem
from tallystick.ledger.api import (
    Post,
    SetLimits,
    SetStatus,
    Status,
)
from tallystick.ledger.service import LedgerService
from tallystick.payments.api import SubmitFile
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.migrations import migrate
from tallystick.wallets.api import AccountWanted, AddAccount, SetAccountLimits, WalletOf
from tests.audit.sequencing import owning
from tests.audit.town import OPERATOR, Town, founded
from tests.ledger.desk import capture, hold, post, posting, reverse, void
from tests.loops import to_end

pytestmark = pytest.mark.timeout(600)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PAGED = "ledger.store.recorded wallets.store payments.store identity.store.keys identity.store.recorded".split()
HUGE = 10**30
MINE = "tenant_id = $1"
ACT = f"{MINE} AND id = "


@pytest.fixture(scope="module")
def url(make_database: Callable[[], str]) -> str:
    """A database of its own for all these tests, each with a tenant of its own: there is one lease in it."""
    made = make_database()
    to_end(migrate(url=made, contexts=CONTEXTS))
    return made


@pytest.fixture
async def town(url: str) -> AsyncIterator[Town]:
    async with founded(url, "Süß") as made:
        yield made


async def live(town: Town) -> None:
    """Do something of every kind."""
    await _books(town)
    await _wallets_and_payments(town)
    identity, caller = town.platform.identity, town.caller
    key = await identity.create_key(caller=caller, message=CreateKey(label="Kasse №1"))
    await identity.create_key(caller=caller, message=CreateKey(label="second"))
    await identity.revoke_key(caller=caller, message=RevokeKey(key_id=key.key_id))
    await _people(town)


async def _people(town: Town) -> None:
    """People, roles, delegations and rules, given as if all that is asked for had been."""
    doors, clock = town.platform.doors_of_identity, SystemClock()
    operator = Caller(tenant_id=town.tenant_id, actor=OPERATOR.actor)
    assert isinstance(doors, NearIdentity)
    own = {"database": town.platform.databases["identity"], "mint": Mint(clock), "clock": clock}
    service = RightsService(**own, standings=doors.standings)
    ada = await doors.people.add(caller=operator, message=AddPerson(name="Ada ✓"))
    for role in ("payment_clerk", "auditor"):
        held = await service.give_role(
            caller=operator, message=GiveRole(holder=ada.person, role=role)
        )
    await service.take_role(caller=operator, message=TakeRole(membership=held.membership))
    await service.make_role(
        caller=operator, message=MakeRole(role="night", title="Nächte", bundles=("read_books",))
    )
    for name in ("shop", "world"):
        given = await service.give_delegation(
            caller=operator,
            message=GiveDelegation(
                holder=ada.person,
                actions=("transfer",),
                accounts=(name,),
                asset="EUR",
                cap_each=HUGE,
            ),
        )
    await service.take_delegation(
        caller=operator, message=TakeDelegation(delegation=given.delegation)
    )
    await service.set_rule(caller=operator, message=SetRule(networks=("10.0.0.0/8",)))
    # Whoever asks from nowhere is in no network, so what follows would be refused.
    await service.set_rule(caller=operator, message=SetRule())


async def _books(town: Town) -> None:
    ledger, caller = town.platform.ledger, town.caller
    salary = post("world", "shop", 1_000, id="salary", reference="März № 3", metadata={"k": "é"})
    big = post("world", "shop", HUGE, id="big", effective_at="2024-02-29T12:00:00Z")
    assert await town.submit(salary, big) == [None, None]
    assert await town.submit(post("shop", "world", 10 * HUGE, id="much"), salary) == [
        "exceeds_available_balance",
        None,
    ]
    held = [hold("shop", "world", 60, id=name) for name in ("h1", "h2", "h3")]
    assert await town.submit(*held) == [None] * 3
    settled = await town.submit(capture("h1", 20), capture("h1", 40, final=True), void("h2"))
    assert settled == [None] * 3
    assert await town.submit(reverse("salary", 10), reverse("nothing")) == [
        None,
        "target_not_found",
    ]
    batch = [
        Post(
            id=f"b{at}",
            postings=tuple(posting("world", "shop", amount) for amount in range(1, 2 + at % 4)),
            metadata={"at": str(at)} if at % 3 else None,
        )
        for at in range(1_000)
    ]
    assert await town.submit(*batch) == [None] * 1_000
    due = SystemClock().now() + SECOND // 20
    await town.submit(hold("shop", "world", 5, id="short", expires_at=render(due)))
    service = LedgerService(database=town.platform.databases["ledger"], mint=Mint(SystemClock()))
    for _ in range(5_000):
        if await service.expire(most=100):
            break
        await asyncio.sleep(0.001)
    for message in (
        SetLimits(ledger="main", address="shop", min_available=-5, max_available=str(HUGE * 1_000)),
        SetLimits(ledger="main", address="shop"),
    ):
        await ledger.set_limits(caller=caller, message=message)
    for status in (Status.FROZEN, Status.OPEN):
        await ledger.set_status(
            caller=caller, message=SetStatus(ledger="main", address="shop", status=status)
        )
    with pytest.raises(Problem):
        await ledger.set_status(
            caller=caller, message=SetStatus(ledger="main", address="shop", status=Status.CLOSED)
        )


async def _wallets_and_payments(town: Town) -> None:
    platform, caller = town.platform, town.caller
    await demonstration.prepare(platform, caller=caller)
    luca = WalletOf(wallet="luca-rossi")
    await platform.wallets.freeze(caller=caller, message=luca)
    await platform.wallets.unfreeze(caller=caller, message=luca)
    await platform.wallets.wallet(caller=caller, message=luca)
    await platform.wallets.add_account(
        caller=caller,
        message=AddAccount(
            wallet="luca-rossi", account=AccountWanted(asset="USD", exponent=2, max_available=7)
        ),
    )
    await platform.wallets.set_limits(
        caller=caller,
        message=SetAccountLimits(wallet="luca-rossi", account="EUR", min_available=-100),
    )
    await platform.wallets.close(caller=caller, message=WalletOf(wallet="jonas-gruber"))
    for example in sorted(EXAMPLES.glob("*.xml")):
        await platform.payments.submit_file(
            caller=caller, message=SubmitFile(content=example.read_bytes())
        )


def named(found: Comparison) -> list[tuple[str, str, str]]:
    """Code, context and subject of every difference."""
    assert found.unlisted == 0
    return [(one.code.value, one.context, one.on) for one in found.differences]


async def test_whatever_was_done_the_record_says_the_same(town: Town) -> None:
    await live(town)
    await town.sequence()
    heard: list[tuple[int, int]] = []
    found = await town.compare(progress=lambda done, of: heard.append((done, of)))
    assert named(found) == []
    assert found.agrees
    assert found.unopened == 0
    assert found.acts == found.entries > 1_060
    assert heard[-1][0] == heard[-1][1]
    kinds = await town.rows(
        "ledger.transaction", "SELECT DISTINCT kind FROM ledger.transaction WHERE tenant_id = $1"
    )
    assert len(kinds) == 6
    assert sorted(found.since) == sorted(CONTEXTS)
    assert max(found.since.values()) < found.until


async def test_small_pages_find_no_more_and_no_less(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(town)
    await town.sequence()
    whole = await town.compare()
    monkeypatch.setattr(pages, "SEGMENTS_MAX", 1)
    for module in PAGED:
        monkeypatch.setattr(f"tallystick.{module}.ROWS_AT_ONCE_MAX", 2)
    cut = await town.compare()
    assert (cut.acts, cut.entries, cut.counts) == (whole.acts, whole.entries, {})


async def _on(town: Town, act: str) -> str:
    (row,) = await town.rows(
        "ledger.transaction",
        "SELECT ledger_id, recorded_at::text AS at, (extract(epoch FROM recorded_at) * 1000000)::bigint AS us"
        f" FROM ledger.transaction WHERE {ACT} $2",
        act,
    )
    return f"ledger:{row['ledger_id']}:transaction:{row['us']}"


TRANSACTIONS = {
    "an amount": "amounts = ARRAY[1001]",
    "an account": "account_ids = ARRAY[account_ids[2], account_ids[1]]",
    "a reference": "reference = 'another'",
    "metadata": """metadata = '{"k": "e"}'""",
    "a refusal": "refusal = 'exceeds_available_balance'",
    "what a refusal says": """refusal_fields = '{"a": "b"}'""",
    "the effective time": "effective_at = effective_at - interval '1 second'",
    "the kind": "kind = 'hold'",
    "the id": "id = 'other'",
    "the expiry": "expires_at = recorded_at",
    "an outcome that is no word": "refusal = 'a\"b'",
}


async def test_a_transaction_that_was_changed_is_named_whatever_it_was(town: Town) -> None:
    items = [
        post("world", "shop", 1_000, id=f"a{at}", reference="one", metadata={"k": "é"})
        for at in range(len(TRANSACTIONS) + 1)
    ]
    await town.submit(*items)
    await town.sequence()
    assert named(await town.compare()) == []
    expected: list[str] = []
    for at, (name, changed) in enumerate(TRANSACTIONS.items()):
        expected.append(await _on(town, f"a{at}"))
        await town.tamper(
            "ledger.transaction", f"UPDATE ledger.transaction SET {changed} WHERE {ACT} 'a{at}'"
        )
        found = await town.compare()
        assert named(found) == [("entry_differs_from_act", "ledger", on) for on in expected], name
        assert all(one.expected != one.found for one in found.differences)


async def test_an_amount_is_told_as_it_was_and_as_it_is(town: Town) -> None:
    await town.submit(post("world", "shop", 1_000, id="salary"))
    await town.sequence()
    await town.tamper(
        "ledger.transaction",
        f"UPDATE ledger.transaction SET amounts = ARRAY[{HUGE}] WHERE {ACT} 'salary'",
    )
    (one,) = (await town.compare()).differences
    assert one.expected == '{"content":{"amounts":[1000]}}'
    assert one.found == f'{{"content":{{"amounts":["{HUGE}"]}}}}'


async def test_a_transaction_slipped_in_or_out_is_named(town: Town) -> None:
    acts = [post("world", "shop", amount, id=f"a{amount}") for amount in (1, 2, 3)]
    await town.submit(*acts)
    await town.sequence()
    out = await _on(town, "a1")
    await town.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a1'")
    await town.tamper(
        "ledger.transaction",
        "INSERT INTO ledger.transaction (tenant_id, ledger_id, recorded_at, effective_at, id, kind, fingerprint,"
        " account_ids, amounts) SELECT tenant_id, ledger_id, recorded_at + interval '1 microsecond', effective_at,"
        f" 'slipped', kind, fingerprint, account_ids, amounts FROM ledger.transaction WHERE {ACT} 'a3'",
    )
    slipped = await _on(town, "slipped")
    assert sorted(named(await town.compare())) == [
        ("act_without_entry", "ledger", slipped),
        ("entry_without_act", "ledger", out),
    ]


CHANGES = {
    "the limit of an account": (
        "ledger.account_event",
        """UPDATE ledger.account_event SET content = '{"min_available": null, "max_available": "7"}'
        WHERE tenant_id = $1 AND event = 'limits' AND content ->> 'min_available' = '-5'""",
        "entry_differs_from_act",
    ),
    "who lifted the limits of an account": (
        "ledger.account_event",
        """UPDATE ledger.account_event SET actor = 'somebody else'
        WHERE tenant_id = $1 AND event = 'limits' AND content ->> 'min_available' IS NULL""",
        "entry_differs_from_act",
    ),
    "an account's side": (
        "ledger.account",
        """UPDATE ledger.account SET normal_side = 'debit' WHERE tenant_id = $1 AND address = 'shop'""",
        "entry_differs_from_act",
    ),
    "the name of a ledger": (
        "ledger.ledger",
        "UPDATE ledger.ledger SET name = 'other' WHERE tenant_id = $1 AND name = 'main'",
        "entry_differs_from_act",
    ),
    "a move of a wallet": (
        "wallets.wallet_event",
        """UPDATE wallets.wallet_event SET state_after = 'closed'
        WHERE tenant_id = $1 AND wallet_id = 'luca-rossi' AND event = 'freeze'""",
        "entry_differs_from_act",
    ),
    "a move of a wallet taken out": (
        "wallets.wallet_event",
        """DELETE FROM wallets.wallet_event
        WHERE tenant_id = $1 AND wallet_id = 'luca-rossi' AND event = 'unfreeze'""",
        "entry_without_act",
    ),
    "a move of a payment": (
        "payments.payment_event",
        """UPDATE payments.payment_event SET event = 'accept', state_after = 'accepted', reason_code = NULL
        WHERE (tenant_id, payment_id, number) = (SELECT tenant_id, payment_id, number FROM payments.payment_event
        WHERE tenant_id = $1 AND event = 'reject' LIMIT 1)""",
        "entry_differs_from_act",
    ),
    "a file": (
        "payments.payment_file",
        """UPDATE payments.payment_file SET total = total + 1, settled = settled + 1
        WHERE (tenant_id, file_id) = (SELECT tenant_id, file_id FROM payments.payment_file
        WHERE tenant_id = $1 LIMIT 1)""",
        "entry_differs_from_act",
    ),
    "the name of a tenant": (
        "identity.tenant",
        "UPDATE identity.tenant SET name = 'other' WHERE tenant_id = $1",
        "entry_differs_from_act",
    ),
    "a key that lives again": (
        "identity.api_key",
        "UPDATE identity.api_key SET revoked_at = NULL WHERE tenant_id = $1 AND revoked_at IS NOT NULL",
        "entry_without_act",
    ),
    "a key of another maker": (
        "identity.api_key",
        "UPDATE identity.api_key SET made_by = NULL WHERE tenant_id = $1 AND label LIKE 'Kasse%'",
        "entry_differs_from_act",
    ),
    "a key slipped in": (
        "identity.api_key",
        """INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at)
        SELECT tenant_id, 'key_0', sha256(hash), 'slipped', created_at FROM identity.api_key
        WHERE tenant_id = $1 AND label = 'second'""",
        "act_without_entry",
    ),
    "a name of a person": (
        "identity.person",
        f"UPDATE identity.person SET name = 'Eve' WHERE {MINE}",
        "entry_differs_from_act",
    ),
    "a role that was never given": (
        "identity.membership",
        """INSERT INTO identity.membership
        SELECT tenant_id, 'mem_0', holder, 'treasurer', from_at, until_at, given_by, given_at, NULL
        FROM identity.membership WHERE tenant_id = $1 AND role = 'payment_clerk'""",
        "act_without_entry",
    ),
    "a role that comes back": (
        "identity.membership",
        f"UPDATE identity.membership SET ended_at = NULL WHERE {MINE} AND ended_at IS NOT NULL",
        "entry_without_act",
    ),
    "a wider delegation": (
        "identity.delegation",
        f"UPDATE identity.delegation SET accounts = ARRAY['...'] WHERE {MINE} AND ended_at IS NULL",
        "entry_differs_from_act",
    ),
    "bundles of a role": (
        "identity.role",
        f"UPDATE identity.role SET bundles = bundles || '{{move_any}}'::text[] WHERE {MINE}",
        "entry_differs_from_act",
    ),
    "a rule": (
        "identity.access_rule",
        f"UPDATE identity.access_rule SET risk_max = 99 WHERE {MINE} AND number = 2",
        "entry_differs_from_act",
    ),
    "a decision": (
        "identity.decision",
        """UPDATE identity.decision SET allowed = NOT allowed WHERE (tenant_id, decision_id) =
        (SELECT tenant_id, decision_id FROM identity.decision WHERE tenant_id = $1 LIMIT 1)""",
        "entry_differs_from_act",
    ),
    "a key taken out": (
        "identity.api_key",
        "DELETE FROM identity.api_key WHERE tenant_id = $1 AND label = 'second'",
        "entry_without_act",
    ),
}


async def test_a_change_in_any_table_is_named_by_its_context_and_its_code(town: Town) -> None:
    await live(town)
    await town.sequence()
    expected: list[tuple[str, str]] = []
    for table, sql, code in CHANGES.values():
        await town.tamper(table, sql)
        expected.append((code, table.partition(".")[0]))
        found = await town.compare()
        told = [(one.code.value, one.context) for one in found.differences]
        assert sorted(told) == sorted(expected), sql
        # Each is named once, by what it was done on and when.
        assert len({(one.on, one.at) for one in found.differences}) == len(told)


async def _first_leaf(town: Town) -> tuple[int, bytes]:
    (row,) = await town.rows(
        "ledger.leaf",
        "SELECT number, entries FROM ledger.leaf WHERE tenant_id = $1 AND length > 1 ORDER BY number LIMIT 1",
    )
    return row["number"], row["entries"]


async def test_a_leaf_that_was_changed_is_named_with_the_first_entry_that_differs(
    town: Town,
) -> None:
    await town.submit(*[post("world", "shop", amount) for amount in (17, 18, 19)])
    await town.sequence()
    number, kept = await _first_leaf(town)
    entries = tiles.unpack(kept)
    entries[1] = entries[1].replace(b"[18]", b"[81]")
    await town.tamper(
        "ledger.leaf",
        "UPDATE ledger.leaf SET entries = $2 WHERE tenant_id = $1 AND number = $3",
        tiles.pack(entries),
        number,
    )
    found = await town.compare()
    assert named(found) == [("leaf_differs_from_record", "ledger", f"ledger:leaf:{number}")]
    assert '"amounts":[18]' in found.differences[0].expected
    assert '"amounts":[81]' in found.differences[0].found


@pytest.mark.parametrize("entries", ["entries || '\\x000161'", "'\\x'", "'\\xff'"])
async def test_a_leaf_that_grew_or_is_none_any_more_is_named(town: Town, entries: str) -> None:
    await town.submit(*[post("world", "shop", amount) for amount in (17, 18, 19)])
    await town.sequence()
    number, _ = await _first_leaf(town)
    await town.tamper(
        "ledger.leaf",
        f"UPDATE ledger.leaf SET entries = {entries} WHERE tenant_id = $1 AND number = $2",
        number,
    )
    on = f"ledger:leaf:{number}"
    assert named(await town.compare()) == [("leaf_differs_from_record", "ledger", on)]


async def test_a_leaf_that_was_taken_out_is_named_once_though_it_spans_two_tiles(
    town: Town,
) -> None:
    for _ in range(3):
        await town.submit(*[post("world", "shop", 1) for _ in range(200)])
    await town.sequence()
    numbers = await town.rows(
        "ledger.leaf", "SELECT number FROM ledger.leaf WHERE tenant_id = $1 AND length = 200"
    )
    await town.tamper(
        "ledger.leaf", "DELETE FROM ledger.leaf WHERE tenant_id = $1 AND length = 200"
    )
    assert named(await town.compare()) == [
        ("leaf_is_missing", "ledger", f"ledger:leaf:{row['number']}") for row in numbers
    ]


async def test_an_erased_secret_hides_texts_and_is_named_itself(town: Town) -> None:
    await town.submit(*[post("world", "shop", 5, id=name, reference="r") for name in ("a", "b")])
    await town.sequence()
    on = await _on(town, "b")
    await town.tamper("ledger.leaf_secret", "DELETE FROM ledger.leaf_secret WHERE tenant_id = $1")
    await town.tamper(
        "ledger.transaction", f"UPDATE ledger.transaction SET reference = 'x' WHERE {ACT} 'a'"
    )
    found = await town.compare()
    # The ledger and its two accounts have sealed texts too, in leaves of their own.
    assert found.counts == {DifferenceCode.SECRET_IS_MISSING: 4}
    assert found.unopened == 5
    await town.tamper(
        "ledger.transaction", f"UPDATE ledger.transaction SET amounts = '{{6}}' WHERE {ACT} 'b'"
    )
    assert ("entry_differs_from_act", "ledger", on) in named(await town.compare())


@pytest.mark.parametrize(
    ("changed", "unopened", "code"),
    [
        ("salts = ''", 4, DifferenceCode.SECRET_IS_MISSING),
        ("salts = substring(sha256(salts) FOR 16)", 0, DifferenceCode.ENTRY_DIFFERS_FROM_ACT),
    ],
)
async def test_a_secret_that_was_changed_is_noticed(
    town: Town, changed: str, unopened: int, code: DifferenceCode
) -> None:
    await town.submit(post("world", "shop", 5, id="a"))
    await town.sequence()
    await town.tamper(
        "ledger.leaf_secret", f"UPDATE ledger.leaf_secret SET {changed} WHERE tenant_id = $1"
    )
    found = await town.compare()
    assert (found.unopened, found.counts) == (unopened, {code: 4})


async def test_what_has_no_place_yet_is_not_compared_and_the_answer_says_so(town: Town) -> None:
    await town.submit(post("world", "shop", 1, id="early"))
    await town.sequence()
    await town.submit(post("world", "shop", 2, id="late"))
    found = await town.compare()
    at = int((await _on(town, "late")).rpartition(":")[2])
    assert found.agrees
    assert found.until == at
    assert (await town.compare(settle_s=60)).until < at
    await town.sequence()
    again = await town.compare()
    assert again.until > at
    assert again.acts == found.acts + 1
    earlier = await town.compare(until=at)
    assert (earlier.until, earlier.acts) == (at, found.acts)


async def test_nobody_hides_an_act_behind_a_leaf_of_the_future(town: Town) -> None:
    await town.submit(post("world", "shop", 1, id="a"))
    await town.sequence()
    await town.tamper(
        "ledger.leaf",
        "INSERT INTO ledger.leaf (tenant_id, number, xid, first_at, last_at, length, entries)"
        " SELECT tenant_id, 1000000000 + number, '9000000000000000000', first_at, last_at, length, entries"
        " FROM ledger.leaf WHERE tenant_id = $1",
    )
    await town.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a'")
    assert (await town.compare()).counts == {
        DifferenceCode.LEAF_WITHOUT_ENTRIES: 4,
        DifferenceCode.ENTRY_WITHOUT_ACT: 1,
    }


async def test_nobody_hides_an_act_by_moving_the_beginning_of_the_record(town: Town) -> None:
    await town.submit(post("world", "shop", 1, id="a"))
    await town.sequence()
    await town.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a'")
    moved = "UPDATE runtime.migration SET applied_at = applied_at + interval '{} hour'"
    async with owning(town.url) as connection:
        await connection.execute(moved.format(1))
    found = await town.compare()
    async with owning(town.url) as connection:
        await connection.execute(moved.format(-1))
    assert found.counts == {DifferenceCode.ENTRY_WITHOUT_ACT: 1}


async def test_a_hundred_differences_are_listed_and_the_rest_are_counted(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.submit(*[post("world", "shop", 1) for _ in range(300)])
    await town.sequence()
    await town.tamper(
        "ledger.transaction", "UPDATE ledger.transaction SET id = 'x' || id WHERE tenant_id = $1"
    )
    found = await town.compare()
    assert (len(found.differences), found.unlisted) == (100, 200)
    # What waits for its other half is bounded too, and is named all the same.
    monkeypatch.setattr(limits, "WAITING_MAX", 10)
    await town.tamper(
        "ledger.transaction",
        "UPDATE ledger.transaction SET ledger_id = ledger_id + 1000000 WHERE tenant_id = $1",
    )
    assert (await town.compare()).counts == {
        DifferenceCode.ACT_WITHOUT_ENTRY: 300,
        DifferenceCode.ENTRY_WITHOUT_ACT: 300,
    }


async def test_another_tenants_acts_are_not_looked_at(url: str, town: Town) -> None:
    async with founded(url, "Andere") as other:
        await other.submit(post("world", "shop", 1, id="a"))
        await town.sequence()
        await other.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a'")
        assert (await town.compare()).agrees
        assert not (await other.compare()).agrees
