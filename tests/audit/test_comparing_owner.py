"""What the owner of the tables does to the record's own columns, and to rows of other times, is named too."""

from collections.abc import AsyncIterator, Callable

import pytest

from tallystick.apps import demonstration
from tallystick.apps.comparing import logs
from tallystick.apps.compose import operator_database
from tallystick.apps.parts import CONTEXTS
from tallystick.audit.model import tiles
from tallystick.audit.model.comparing import DifferenceCode
from tallystick.audit.model.merkle import leaf_hashes
from tallystick.kernel.ids import tenant_name
from tallystick.runtime.migrations import migrate
from tests.audit.sequencing import owning
from tests.audit.test_comparing import ACT, MINE, named
from tests.audit.town import Town, founded
from tests.ledger.desk import post
from tests.loops import to_end


@pytest.fixture(scope="module")
def url(make_database: Callable[[], str]) -> str:
    """A database of its own for all these tests, each with a tenant of its own."""
    made = make_database()
    to_end(migrate(url=made, contexts=CONTEXTS))
    return made


@pytest.fixture
async def town(url: str) -> AsyncIterator[Town]:
    async with founded(url, "Süß") as made:
        await made.submit(post("world", "shop", 1, id="a"), post("world", "shop", 2, id="b"))
        await made.sequence()
        yield made


LAST = f"{MINE} AND first_index = (SELECT max(first_index) FROM audit.segment WHERE {MINE})"


@pytest.mark.parametrize(
    "changed",
    [
        "context = 'none'",
        "context = 'wallets'",
        "first_at = '2200-01-01'",
        "last_at = '2001-01-01'",
        "hashes = sha256(hashes) || sha256(entries)",
        "leaf_start = 1",
        "length = 1, hashes = sha256(hashes)",
    ],
)
async def test_no_column_beside_the_entries_hides_one(town: Town, changed: str) -> None:
    assert (await town.compare()).agrees
    await town.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a'")
    await town.tamper("audit.segment", f"UPDATE audit.segment SET {changed} WHERE {LAST}")
    found = await town.compare()
    code = "LEAF_DIFFERS_FROM_RECORD" if "leaf_start" in changed else "LOG_IS_DAMAGED"
    assert found.counts[DifferenceCode[code]] >= 1
    # Of a leaf that seems to have no place, nothing later is compared.
    if "context" not in changed:
        assert found.counts[DifferenceCode.ENTRY_WITHOUT_ACT] == 1


async def test_a_log_that_was_written_anew_is_not_what_was_signed(town: Town) -> None:
    (row,) = await town.rows("audit.segment", f"SELECT entries FROM audit.segment WHERE {LAST}")
    entries = [one.replace(b"[1]", b"[9]") for one in tiles.unpack(row["entries"])]
    await town.tamper(
        "audit.segment",
        f"UPDATE audit.segment SET entries = $2, hashes = $3 WHERE {LAST}",
        tiles.pack(entries),
        b"".join(leaf_hashes(entries)),
    )
    await town.tamper(
        "ledger.leaf",
        f"UPDATE ledger.leaf SET entries = $2 WHERE {MINE} AND entries = $3",
        tiles.pack(entries),
        row["entries"],
    )
    await town.tamper(
        "ledger.transaction", f"UPDATE ledger.transaction SET amounts = '{{9}}' WHERE {ACT} 'a'"
    )
    found = await town.compare()
    assert named(found) == [("log_is_damaged", "audit", "audit:log")]
    assert found.differences[0].expected.startswith("the root ")


async def test_a_log_that_was_cut_off_or_has_no_checkpoint_is_damaged(town: Town) -> None:
    damaged = [("log_is_damaged", "audit", "audit:log")]
    await town.tamper(
        "audit.checkpoint", f"UPDATE audit.checkpoint SET published_at = NULL WHERE {MINE}"
    )
    assert named(await town.compare()) == damaged
    await town.tamper("audit.segment", f"DELETE FROM audit.segment WHERE {LAST}")
    assert ("log_is_damaged", "audit", "audit:log") in named(await town.compare())


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("-infinity", "act_without_entry"),
        ("1800-01-01", "act_without_entry"),
        ("2020-01-01", "act_without_entry"),
        ("2100-01-01", "act_in_the_future"),
        ("2200-01-01", "act_in_the_future"),
        ("infinity", "act_in_the_future"),
    ],
)
async def test_a_row_of_any_other_time_is_named(town: Town, at: str, code: str) -> None:
    await town.rows(
        "identity.api_key",
        "INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at)"
        f" VALUES ($1, 'key_{at}', sha256('{at}'), 'slipped', '{at}')",
    )
    if code == "act_in_the_future":
        await town.rows(
            "ledger.transaction",
            "INSERT INTO ledger.transaction (tenant_id, ledger_id, recorded_at, effective_at, id, kind, fingerprint,"
            " account_ids, amounts, refusal)"
            f" SELECT tenant_id, ledger_id, '{at}', effective_at, 'slipped', kind, fingerprint,"
            f" account_ids, amounts, 'target_not_found' FROM ledger.transaction WHERE {ACT} 'a'",
        )
    found = named(await town.compare())
    expected = {("identity", code)} | ({("ledger", code)} if "future" in code else set())
    assert {(context, told) for told, context, _ in found} == expected
    assert len(found) == len(expected)


async def test_a_comparison_of_nothing_never_agrees(town: Town) -> None:
    before = (await town.compare()).acts
    async with owning(town.url) as connection:
        (place,) = await connection.fetch(
            "DELETE FROM audit.place WHERE context = 'ledger' RETURNING xid, number"
        )
    acts = (await town.compare()).acts
    async with owning(town.url) as connection:
        await connection.execute("INSERT INTO audit.place VALUES ('ledger', $1, $2)", *place)
    assert acts == before > 6
    await town.submit(post("world", "shop", 3, id="c"))
    assert (await town.compare()).agrees
    early = "clock_timestamp() - interval '10 minutes'"
    await town.tamper(
        "ledger.leaf",
        f"UPDATE ledger.leaf SET first_at = {early} WHERE {MINE} AND number ="
        f" (SELECT max(number) FROM ledger.leaf WHERE {MINE})",
    )
    assert DifferenceCode.RECORD_IS_BEHIND in (await town.compare()).counts
    assert (await town.compare(settle_s=3_600)).agrees


async def test_a_leaf_that_was_skipped_is_named(town: Town) -> None:
    await town.tamper(
        "ledger.leaf",
        "INSERT INTO ledger.leaf (tenant_id, number, xid, first_at, last_at, length, entries)"
        " SELECT tenant_id, 1000000000 + number, xid, first_at, last_at, length, entries"
        f" FROM ledger.leaf WHERE {MINE} AND number = (SELECT min(number) FROM ledger.leaf WHERE {MINE})",
    )
    (one,) = named(await town.compare())
    assert one[:2] == ("leaf_without_entries", "ledger")


async def test_a_context_is_compared_whatever_the_road_says(town: Town) -> None:
    await town.tamper("ledger.transaction", f"DELETE FROM ledger.transaction WHERE {ACT} 'a'")
    async with owning(town.url) as connection:
        await connection.execute(
            "UPDATE runtime.migration SET context = 'x_ledger' WHERE context = 'ledger'"
        )
    found = await town.compare()
    async with owning(town.url) as connection:
        await connection.execute(
            "UPDATE runtime.migration SET context = 'ledger' WHERE context = 'x_ledger'"
        )
    assert found.counts == {DifferenceCode.ENTRY_WITHOUT_ACT: 1}


async def test_a_log_without_a_tenant_is_among_all_logs_and_named(town: Town) -> None:
    name = tenant_name(town.tenant_id)
    async with founded(town.url, "Neu") as young:
        young_name = tenant_name(young.tenant_id)
        await town.tamper("identity.api_key", f"DELETE FROM identity.api_key WHERE {MINE}")
        await town.tamper("identity.tenant", f"DELETE FROM identity.tenant WHERE {MINE}")
        database = operator_database(town.url)
        await database.start()
        try:
            names = await logs(database)
        finally:
            await database.stop()
        # The young one has no entry that has its place.
        assert names[0] == "platform"
        assert {name, young_name} < set(names)
        assert len(names) == len(set(names))
        await young.sequence()
    found = await town.compare()
    # Its tenant and its key.
    without = ["entry_without_act"] * 2
    assert [one[0] for one in named(found)] == ["log_without_tenant", *without]


@pytest.mark.parametrize(
    "changed", ["status = 'frozen'", "min_available = -7", "max_available = 7"]
)
async def test_an_account_that_stands_otherwise_than_it_was_set_is_named(
    town: Town, changed: str
) -> None:
    await town.tamper(
        "ledger.account", f"UPDATE ledger.account SET {changed} WHERE {MINE} AND address = 'shop'"
    )
    (one,) = named(await town.compare())
    assert one[:2] == ("state_differs_from_acts", "ledger")


async def test_a_wallet_in_another_state_than_it_was_moved_to_is_named(town: Town) -> None:
    await demonstration.prepare(town.platform, caller=town.caller)
    await town.sequence()
    assert (await town.compare()).agrees
    await town.tamper(
        "wallets.wallet",
        f"UPDATE wallets.wallet SET state = 'frozen' WHERE {MINE} AND wallet_id = 'luca-rossi'",
    )
    found = await town.compare()
    (one,) = named(found)
    assert one[:2] == ("state_differs_from_acts", "wallets")
    assert (found.differences[0].expected, found.differences[0].found) == ("open", "frozen")


async def test_an_asset_whose_digits_were_moved_is_named(town: Town) -> None:
    await town.tamper(
        "ledger.asset",
        f"UPDATE ledger.asset SET exponent = exponent + 1 WHERE {MINE} AND code = 'EUR'",
    )
    codes = {(code, context) for code, context, _ in named(await town.compare())}
    assert codes == {("entry_differs_from_act", "ledger")}
