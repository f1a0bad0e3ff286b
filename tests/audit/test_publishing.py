"""A checkpoint is signed if its tree fits what was signed before, and published once enough witnesses have seen it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import structlog

from tallystick.apps.witness import application
from tallystick.audit.adapters.signed_memory import (
    Advance,
    SignedMemory,
    SignedMemoryUnavailable,
)
from tallystick.audit.adapters.witness_memory import WitnessMemory
from tallystick.audit.adapters.witnesses import WitnessClient
from tallystick.audit.model.notes import (
    Checkpoint,
    Ed25519Cosigner,
    Ed25519Signer,
    Note,
    Signer,
    parse_note,
    render_checkpoint,
    render_note,
    signed_by,
)
from tallystick.audit.model.places import tree_name
from tallystick.audit.model.policy import satisfied_by
from tallystick.audit.model.witnessing import Seen, parse_watched_logs
from tallystick.audit.service import publishing
from tallystick.audit.service.sequencer import UNRENEWED_S, Sequencer
from tallystick.audit.service.witness import Witness
from tallystick.audit.store import reading
from tallystick.audit.store.writing import Fenced
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.database import Database
from tests.audit.logs import Log
from tests.audit.sequencing import (
    ORIGIN,
    Cosigning,
    House,
    audited,
    deed,
    housed,
    policy_of,
    signers,
)

NAMES = ("w1", "w2", "w3")


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


class Served:
    """A witness of ours behind its application and a client, which can be down or never answer."""

    def __init__(self, name: str, folder: Path) -> None:
        self.signer = Ed25519Cosigner(f"{name}.example", sha256(name.encode()).digest())
        self.memory = WitnessMemory(folder / name)
        # One line watches all trees of an installation.
        watched = parse_watched_logs(f"prefix {signers(ORIGIN)[0].key.render()}\n")
        self.witness = Witness(
            memory=self.memory, signers=[self.signer], logs=lambda: watched, clock=SystemClock()
        )
        app = application(add=self.witness.add_checkpoint, keys=[self.signer.key])
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self.client = WitnessClient(
            url=f"https://{name}.example/", keys=[self.signer.key], http=http
        )
        self.state = "up"

    async def add(self, **words: Any) -> Any:
        if self.state == "down":
            raise httpx.ConnectError("nobody answers")
        if self.state == "hanging":
            await asyncio.Event().wait()
        return await self.client.add(**words)


@pytest.fixture
def three(tmp_path: Path) -> Any:
    made = {name: Served(name, tmp_path) for name in NAMES}
    yield made
    for one in made.values():
        one.memory.close()


async def leading(house: House, witnesses: Any, **words: Any) -> Sequencer:
    """A sequencer with its lease, by whose policy two of the witnesses are enough."""
    policy = policy_of(witnesses, enough=2)
    made = await house.sequencer(policy=policy, witnesses=witnesses, **words)
    assert await made.try_lease()
    return made


async def cosigners(house: House, three: Any, size: int) -> set[str]:
    """Who cosigned the checkpoint of a size of the first tenant's tree."""
    sql = "SELECT note FROM audit.checkpoint WHERE tenant_id = 1 AND size = $1"
    (row,) = await house.rows(sql, size)
    note = parse_note(row["note"])
    return {name for name, one in three.items() if signed_by(note, one.signer.key)}


def events(logs: Any, tenant_id: int = 1) -> list[str]:
    """What was said of a tenant's tree."""
    return [one["event"] for one in logs if one.get("tree") == tree_name(tenant_id)]


async def test_two_of_three_witnesses_are_enough_and_three_are_better(
    house: House, three: Any
) -> None:
    first = await leading(house, three)
    for size in range(1, 4):
        await house.write(deed(size))
        await first.turn()
        assert await house.sizes() == (size, size, size)
        assert await cosigners(house, three, size) == set(NAMES)
    three["w2"].state = "down"
    await house.write(*[deed(number) for number in range(4, 600)])
    with structlog.testing.capture_logs() as logs:
        await first.turn()
    assert events(logs) == ["witness_did_not_cosign"]
    assert await house.sizes() == (599, 599, 599)
    assert await cosigners(house, three, 599) == {"w1", "w3"}
    # It was away while the tree grew, and is shown how.
    three["w2"].state = "up"
    await house.write(deed(600))
    await first.turn()
    assert await cosigners(house, three, 600) == set(NAMES)
    await audited(house)


async def test_with_one_witness_nothing_is_published_until_another_is_back(
    house: House, three: Any
) -> None:
    first = await leading(house, three)
    three["w1"].state = three["w2"].state = "down"
    await house.write(deed(1))
    with structlog.testing.capture_logs() as logs:
        await first.turn()
    assert events(logs) == ["witness_did_not_cosign"] * 2 + ["not_published"]
    assert await house.sizes() == (1, 1, 0)
    three["w1"].state = "up"
    await first.turn()
    assert await house.sizes() == (1, 1, 1)
    (row,) = await house.rows("SELECT note FROM audit.checkpoint WHERE tenant_id = 1")
    assert satisfied_by(policy_of(three, enough=2), parse_note(row["note"]))
    assert not satisfied_by(policy_of(three, enough=3), parse_note(row["note"]))
    await audited(house)


async def test_while_it_is_shown_a_tree_gets_no_other_checkpoint_and_later_ones_replace_it(
    house: House, three: Any
) -> None:
    first = await leading(house, three)
    three["w1"].state = three["w2"].state = "down"
    for size in range(1, 6):
        await house.write(deed(size))
        await first.turn()
        assert await house.sizes() == (size, 1, 0)
    for size in range(6, 9):
        # The time to show one is over.
        first._publisher._signed_at.clear()
        await house.write(deed(size))
        await first.turn()
        assert await house.sizes() == (size, size, 0)
        rows = await house.rows("SELECT size FROM audit.checkpoint WHERE tenant_id = 1")
        assert [row["size"] for row in rows] == [size]
    three["w2"].state = "up"
    await first.turn()
    assert await house.sizes() == (8, 8, 8)
    await audited(house)


async def test_a_witness_that_never_answers_is_not_waited_for(house: House, three: Any) -> None:
    first = await leading(house, three)
    three["w2"].state = "hanging"
    for size in range(1, 4):
        await house.write(deed(size))
        await first.turn()
        assert await house.sizes() == (size, size, size)
        assert await cosigners(house, three, size) == {"w1", "w3"}
    await audited(house)


async def test_two_that_never_answer_cost_neither_the_lease_nor_the_places_of_entries(
    house: House, three: Any
) -> None:
    first = await leading(house, three)
    second = await house.sequencer("second")
    three["w1"].state = three["w2"].state = "hanging"
    began = time.monotonic()
    for size in range(1, 5):
        await house.write(deed(size))
        await first.turn()
        assert await house.sizes() == (size, 1, 0)
        assert not await second.try_lease()
    assert time.monotonic() - began > UNRENEWED_S
    await first._publisher.stop()
    three["w1"].state = "up"
    first._publisher._signed_at.clear()
    await first.turn()
    assert await house.sizes() == (4, 4, 4)
    await first.give_up()
    assert await second.try_lease()


async def test_a_showing_that_is_under_way_is_not_begun_again_and_is_heard_in_a_later_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "LISTENED_S", 0.05)
    slow = {name: Slow(name) for name in NAMES}
    first = await leading(house, slow)
    await house.write(deed(1))
    await first.turn()
    await house.write(deed(2))
    await first.turn()
    assert await house.sizes() == (2, 1, 0)
    assert [one.asked for one in slow.values()] == [[1, 1]] * 3  # the platform's tree and this
    for one in slow.values():
        one.may_answer.set()
    while (await house.sizes())[2] < 2:
        await first.turn()
    await audited(house)


class Slow(Cosigning):
    """A witness that answers when it may."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.may_answer = asyncio.Event()

    async def add(self, **words: Any) -> Any:
        found = await super().add(**words)
        await self.may_answer.wait()
        return found


async def test_a_witness_that_was_shown_a_fork_refuses_and_remembers_what_it_signed(
    house: House, three: Any
) -> None:
    origin = f"{ORIGIN}/{tree_name(1)}"
    fork = Log(origin, signers=[signers(origin)[0]])
    for name in ("w1", "w2"):
        await three[name].add(note=fork.note(2), old=0, prove=fork.prove)
    first = await leading(house, three)
    for size in (1, 2, 3):
        await house.write(deed(size))
        first._publisher._signed_at.clear()
        with structlog.testing.capture_logs() as logs:
            await first.turn()
        assert events(logs) == ["witness_did_not_cosign"] * 2 + ["not_published"]
        assert await house.sizes() == (size, size, 0)
        # The other trees go on.
        assert (await house.sizes(0))[2] == 1
    assert three["w1"].memory.seen(origin) == fork.seen(2)


async def test_what_is_signed_in_a_turn_is_shown_in_it_however_many_trees_there_are(
    house: House, three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "TREES_MAX", 3)
    first = await leading(house, three)
    for tenant_id in range(1, 9):
        await house.write(deed(1, tenant_id=tenant_id))
    for turn in range(1, 4):
        await first.turn()
        done = await house.rows("SELECT FROM audit.tree WHERE published_size = size")
        assert len(done) == 3 * turn
    await audited(house)


TAMPERED = {
    "the hashes of a segment": (
        "UPDATE audit.segment SET hashes = decode(repeat('00', 32 * length), 'hex') "
        "WHERE tenant_id = 1 AND first_index = 256"
    ),
    "a subtree": "UPDATE audit.subtree SET hash = sha256('forged') WHERE tenant_id = 1",
    "a subtree that is gone": "DELETE FROM audit.subtree WHERE tenant_id = 1",
    "a segment that is gone": "DELETE FROM audit.segment WHERE tenant_id = 1 AND first_index = 256",
    "the root of the checkpoint": (
        "UPDATE audit.checkpoint SET root = sha256('forged') WHERE tenant_id = 1"
    ),
    "the note of the checkpoint": (
        "UPDATE audit.checkpoint SET note = (SELECT note FROM audit.checkpoint WHERE tenant_id = 2) "
        "WHERE tenant_id = 1"
    ),
    "a note that is none": "UPDATE audit.checkpoint SET note = 'forged' WHERE tenant_id = 1",
    "the checkpoint that is gone": "DELETE FROM audit.checkpoint WHERE tenant_id = 1",
}


async def grown(house: House) -> Sequencer:
    """Two trees of 300 entries that are published."""
    for tenant_id in (1, 2):
        await house.write(*[deed(number, tenant_id=tenant_id) for number in range(256)])
        await house.write(*[deed(number, tenant_id=tenant_id) for number in range(256, 300)])
    first = await house.sequencer()
    assert await first.try_lease()
    await first.turn()
    assert await house.sizes() == await house.sizes(2) == (300, 300, 300)
    return first


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_tree_that_its_owner_changed_is_signed_no_more_and_the_others_go_on(
    house: House, what: str
) -> None:
    await (await grown(house)).give_up()
    await house.change(TAMPERED[what])
    second = await house.sequencer("second")
    assert await second.try_lease()
    for size in (301, 302):
        await house.write(deed(size))
        await house.write(deed(size, tenant_id=2))
        with structlog.testing.capture_logs() as logs:
            await second.turn()
        errors = [one for one in logs if one["log_level"] == "error"]
        told = [(one["event"], one["tree"], one["size"]) for one in errors]
        first_time = size == 301
        assert set(told) == ({("record_is_damaged", tree_name(1), 300)} if first_time else set())
        # Its entries are not lost: they have their places, and nothing is said of them.
        assert await house.sizes() == (size, 300, 300)
        assert await house.sizes(2) == (size, size, size)
    # Whoever comes next finds it so too.
    await second.give_up()
    third = await house.sequencer("third")
    assert await third.try_lease()
    await house.write(deed(303))
    with structlog.testing.capture_logs() as logs:
        await third.turn()
    assert "record_is_damaged" in events(logs)
    assert await house.sizes() == (303, 300, 300)


async def test_rows_and_the_root_beside_them_that_fit_each_other_are_not_what_was_signed(
    house: House,
) -> None:
    await (await grown(house)).give_up()
    # 44 hashes that begin with a forged one, and the root over them as our own code computes it.
    rows = await house.rows(
        "SELECT hashes FROM audit.segment WHERE tenant_id = 1 AND first_index = 256"
    )
    hashes = bytes(32) + rows[0]["hashes"][32:]
    await house.change(
        "UPDATE audit.segment SET hashes = $1 WHERE tenant_id = 1 AND first_index = 256", hashes
    )
    second = await house.sequencer("second")
    with structlog.testing.capture_logs() as logs:
        await second.try_lease()
        await house.write(deed(301))
        await second.turn()
    (told,) = [one for one in logs if one["event"] == "record_is_damaged"]
    kept = told["why"].rpartition("kept ")[2]
    await second.give_up()
    await house.change(
        "UPDATE audit.checkpoint SET root = $1 WHERE tenant_id = 1", bytes.fromhex(kept)
    )
    third = await house.sequencer("third")
    with structlog.testing.capture_logs() as logs:
        await third.try_lease()
        await house.write(deed(302))
        await third.turn()
    assert "record_is_damaged" in events(logs)
    assert await house.sizes() == (302, 300, 300)


FORGED = "UPDATE audit.segment SET hashes = $1 WHERE tenant_id = 1 AND first_index = 256"


async def forge(house: House) -> None:
    """Change an entry and the hashes over it, as the owner can, so that all rows fit each other."""
    (row,) = await house.rows(
        "SELECT hashes FROM audit.segment WHERE tenant_id = 1 AND first_index = 256"
    )
    await house.change(FORGED, sha256(b"forged").digest() + row["hashes"][32:])


async def turn_after_change(house: House) -> list[str]:
    """What another sequencer says of the first tenant's tree when it has one more entry."""
    second = await house.sequencer("second")
    with structlog.testing.capture_logs() as logs:
        assert await second.try_lease()
        await house.write(deed(301))
        await second.turn()
    return events(logs)


async def test_a_forged_history_without_any_checkpoint_is_not_signed(house: House) -> None:
    await (await grown(house)).give_up()
    await forge(house)
    await house.change("DELETE FROM audit.checkpoint WHERE tenant_id = 1")
    await house.change(
        "UPDATE audit.tree SET signed_size = 0, published_size = 0 WHERE tenant_id = 1"
    )
    assert await turn_after_change(house) == ["record_is_damaged"]
    assert await house.sizes() == (301, 0, 0)


async def test_a_tree_that_begins_anew_is_not_signed(house: House) -> None:
    await (await grown(house)).give_up()
    for table in ("checkpoint", "segment", "subtree", "tree"):
        await house.change(f"DELETE FROM audit.{table} WHERE tenant_id = 1")
    assert await turn_after_change(house) == ["record_is_damaged"]
    assert await house.sizes() == (1, 0, 0)


async def test_a_key_that_the_owner_put_into_the_database_is_none_of_ours(house: House) -> None:
    await (await grown(house)).give_up()
    house.forget()
    await forge(house)
    stranger = Log(f"{ORIGIN}/{tree_name(1)}").signers[0]
    async with (await house.database("sequencer")).without_tenant() as connection:
        root = await reading.root(connection, tenant_id=1, size=300)
    text = render_checkpoint(Checkpoint(origin=stranger.key.name, size=300, root=root))
    note = render_note(Note(text, (stranger.sign(text, at_s=1),)))
    await house.change(
        "UPDATE audit.checkpoint SET root = $1, note = $2 WHERE tenant_id = 1", root, note
    )
    await house.rows(
        "INSERT INTO audit.signing_key (algorithm, public_key) VALUES ($1, $2)",
        stranger.key.algorithm,
        stranger.key.public_key,
    )
    assert "record_is_damaged" in await turn_after_change(house)
    assert await house.sizes() == (301, 300, 300)


async def test_a_memory_that_begins_anew_says_so_and_goes_on_from_the_last_checkpoint(
    house: House,
) -> None:
    await (await grown(house)).give_up()
    house.forget()
    assert await turn_after_change(house) == ["not_in_memory"]
    assert await house.sizes() == (301, 301, 301)
    seen = house.memory().seen(f"{ORIGIN}/{tree_name(1)}")
    assert seen is not None
    assert seen.size == 301


async def test_what_was_remembered_and_not_kept_is_signed_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await grown(house)
    await house.write(deed(301))
    with monkeypatch.context() as patch:
        patch.setattr(first._publisher, "_keep", _killed)
        with pytest.raises(ConnectionResetError):
            await first.turn()
    await first.give_up()
    assert await house.sizes() == (301, 300, 300)
    assert await turn_after_change(house) == []
    assert await house.sizes() == (302, 302, 302)


async def _killed(*_: object, **__: object) -> None:
    raise ConnectionResetError("the process died here")


async def test_what_another_process_signed_meanwhile_is_not_signed_over(house: House) -> None:
    first = await grown(house)
    origin = f"{ORIGIN}/{tree_name(1)}"
    memory = house.memory()
    other = Seen(302, sha256(b"other").digest())
    assert memory.advance([Advance(origin, memory.seen(origin), other)])
    await house.write(deed(301))
    with pytest.raises(Fenced):
        await first.turn()
    assert await house.sizes() == (301, 300, 300)
    assert memory.seen(origin) == other


def test_a_memory_goes_forward_only_and_all_at_once(tmp_path: Path) -> None:
    memory = SignedMemory(tmp_path / "memory")
    one, two = (Seen(size, sha256(bytes([size])).digest()) for size in (1, 2))
    assert memory.advance([Advance("a", None, two), Advance("b", None, one)])
    assert not memory.advance([Advance("b", one, two), Advance("a", one, two)])
    assert (memory.seen("a"), memory.seen("b")) == (two, one)
    with pytest.raises(SignedMemoryUnavailable, match="never_goes_back"):
        memory.advance([Advance("a", two, one)])
    memory.close()
    again = SignedMemory(tmp_path / "memory")
    assert again.seen("a") == two
    again.close()
    (tmp_path / "none").write_bytes(b"something else, longer than a header of SQLite" * 9)
    with pytest.raises(SignedMemoryUnavailable, match="no memory"):
        SignedMemory(tmp_path / "none")


async def test_a_tree_whose_signing_key_was_added_goes_on_and_one_of_another_key_does_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await grown(house)).give_up()

    def added(origin: str) -> list[Signer]:
        return [*signers(origin), *Log(origin).signers]

    for made, size in ((added, 301), (lambda origin: [Ed25519Signer(origin, b"O" * 32)], 301)):
        second = await house.sequencer("second")
        monkeypatch.setattr(second._publisher, "_signers", made)
        assert await second.try_lease()
        await house.write(deed(1))
        await second.turn()
        assert (await house.sizes())[1:] == (size, size)
        await second.give_up()


async def published(house: House, sequencer: Sequencer, size: int) -> None:
    """Take turns until so many entries are published: a transaction of the server's own may hold one up for a turn."""
    for _ in range(100):
        await sequencer.turn()
        if await house.sizes() == (size, size, size):
            return
    pytest.fail(f"{size} entries were not published in a hundred turns")


async def minutes_of_checkpoints(house: House) -> Database:
    """Published ones of the sizes 1 to 3, two of them of one minute, and 4 that is not published."""
    first = await house.sequencer()
    await first.try_lease()
    for size in (1, 2, 3, 4):
        await house.write(deed(size))
        await published(house, first, size)
    change = "UPDATE audit.checkpoint SET signed_at = $1::text::timestamptz WHERE tenant_id = 1 AND size = $2"
    for size, at in ((1, "10:00:10Z"), (2, "10:00:50Z"), (3, "10:01:10Z"), (4, "10:01:20Z")):
        await house.change(change, f"2026-11-01T{at}", size)
    await house.change(
        "UPDATE audit.checkpoint SET published_at = NULL WHERE tenant_id = 1 AND size = 4"
    )
    return await house.database("sequencer")


@pytest.mark.parametrize(("size", "may"), [(1, True), (2, False), (3, False), (4, True)])
async def test_a_published_checkpoint_goes_only_when_one_of_its_minute_covers_it(
    house: House, size: int, may: bool
) -> None:
    database = await minutes_of_checkpoints(house)
    delete = "DELETE FROM audit.checkpoint WHERE tenant_id = 1 AND size = $1"
    refused = pytest.raises(asyncpg.RestrictViolationError, match="was published")
    with nullcontext() if may else refused:
        async with database.without_tenant() as connection:
            await connection.execute(delete, size)
    rows = await house.rows("SELECT size FROM audit.checkpoint WHERE tenant_id = 1")
    assert (size in {row["size"] for row in rows}) is not may


@pytest.mark.parametrize(
    "change",
    [
        "published_at = NULL",
        "published_at = now()",
        "note = 'forged'",
        "note = substring(note FROM 1 FOR 9)",
    ],
)
async def test_a_published_checkpoint_says_what_it_said(house: House, change: str) -> None:
    database = await minutes_of_checkpoints(house)
    with pytest.raises(asyncpg.RestrictViolationError, match="would be another"):
        async with database.without_tenant() as connection:
            await connection.execute(f"UPDATE audit.checkpoint SET {change} WHERE size = 1")


async def test_a_checkpoint_that_vanished_before_it_was_shown_holds_up_no_other_tree(
    house: House, three: Any
) -> None:
    first = await leading(house, three)
    for one in three.values():
        one.state = "down"
    await house.write(deed(1))
    await house.write(deed(1, tenant_id=2))
    await first.turn()
    await house.change("DELETE FROM audit.checkpoint WHERE tenant_id = 1")
    for one in three.values():
        one.state = "up"
    with structlog.testing.capture_logs() as logs:
        await first.turn()
    assert events(logs) == ["record_is_damaged"]
    assert await house.sizes() == (1, 1, 0)
    assert await house.sizes(2) == (1, 1, 1)
