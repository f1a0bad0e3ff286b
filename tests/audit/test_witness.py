"""A witness: what it refuses, in which order, and that it never signs what it does not remember."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.audit.adapters.key_file import KeyFileRefused, make_keys, read_signers
from tallystick.audit.adapters.witness_memory import WitnessMemory, WitnessMemoryUnavailable
from tallystick.audit.model.merkle import EMPTY_ROOT
from tallystick.audit.model.notes import (
    COSIGNATURE_ED25519,
    ED25519,
    ML_DSA_44,
    BadNote,
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    Note,
    cosigned_at,
    parse_note,
    parse_signature_lines,
    render_note,
    signed_by,
    to_base64,
)
from tallystick.audit.model.witnessing import (
    NEVER,
    Answer,
    Seen,
    WatchedLogs,
    parse_request,
    parse_watched_logs,
    refusal_of,
    render_request,
)
from tallystick.audit.service.witness import Witness
from tests.audit.logs import ORIGIN, Log
from tests.loops import to_end

NAME = "witness.example/w1"
SIGNERS = [Ed25519Cosigner(NAME, b"W" * 32), MlDsa44Cosigner(NAME, b"P" * 32)]


class FixedClock:
    """Tells the seconds it is set to."""

    def __init__(self, at_s: int) -> None:
        self.at_s = at_s

    def now(self) -> int:
        return self.at_s * 1_000_000


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[WitnessMemory]:
    made = WitnessMemory(tmp_path / "memory")
    yield made
    made.close()


def watching(*logs: Log) -> WatchedLogs:
    return parse_watched_logs("".join(f"{key.render()}\n" for log in logs for key in log.keys))


def witness(memory: WitnessMemory, *logs: Log, at_s: int = 1_000) -> Witness:
    watched = watching(*(logs or (Log(),)))
    return Witness(memory=memory, signers=SIGNERS, logs=lambda: watched, clock=FixedClock(at_s))


def cosigned(answer: Answer, note: bytes) -> list[int]:
    """Give the times of the cosignatures, all verified."""
    assert answer.status == 200, answer
    given = Note(text=parse_note(note).text, signatures=parse_signature_lines(answer.body))
    found = [signed_by(given, one.key) for one in SIGNERS]
    assert len(given.signatures) == len(SIGNERS)
    return [cosigned_at(one) for one in found if one]


async def test_a_log_that_grows_is_cosigned_with_every_key(memory: WitnessMemory) -> None:
    log, signs = Log(), witness(memory)
    for old, new in ((0, 1), (1, 2), (2, 7), (7, 8), (8, 300), (300, 300)):
        answer = await signs.add_checkpoint(log.request(old, new))
        assert cosigned(answer, log.note(new)) == [1_000, 1_000]
        assert memory.seen(ORIGIN) == log.seen(new)


async def test_an_empty_log_is_cosigned_too(memory: WitnessMemory) -> None:
    log, signs = Log(), witness(memory)
    assert log.root(0) == EMPTY_ROOT
    assert (await signs.add_checkpoint(log.request(0, 0))).status == 200
    assert (await signs.add_checkpoint(log.request(0, 5))).status == 200


# Each request breaks one rule, and the rules after it where it can: the first one answers.
STRANGER = Log("stranger.example")
IMPOSTOR = Log(signers=[Ed25519Signer(ORIGIN, b"I" * 32)])
FORKED = Log(fork=3, salt="forked")


def spoiled(log: Log, size: int) -> bytes:
    """A note with a good signature of the log, and a second one of the same key that is not."""
    note = parse_note(log.note(size))
    (good,) = note.signatures
    broken = replace(good, content=bytes(64))
    return render_note(replace(note, signatures=(good, broken)))


@pytest.mark.parametrize(
    ("body", "status", "size"),
    [
        (render_request(old=9, proof=[bytes(32)], note=STRANGER.note(8)), 404, None),
        (render_request(old=9, proof=[bytes(32)], note=IMPOSTOR.note(8)), 403, None),
        (render_request(old=5, proof=Log().proof(5, 8), note=spoiled(Log(), 8)), 403, None),
        (render_request(old=9, proof=[bytes(32)], note=Log().note(8)), 400, None),
        (render_request(old=4, proof=[bytes(32)], note=Log().note(8)), 409, 5),
        (render_request(old=0, proof=[], note=Log().note(8)), 409, 5),
        (render_request(old=6, proof=[], note=Log().note(8)), 409, 5),
        (render_request(old=4, proof=[], note=Log().note(4)), 409, 5),
        (render_request(old=5, proof=[bytes(32)], note=Log().note(8)), 422, None),
        (render_request(old=5, proof=[], note=Log().note(8)), 422, None),
        (render_request(old=5, proof=Log().proof(6, 8), note=Log().note(8)), 422, None),
        (
            render_request(old=5, proof=[*Log().proof(5, 8), bytes(32)], note=Log().note(8)),
            422,
            None,
        ),
        (FORKED.request(5, 8), 422, None),
        (render_request(old=5, proof=[bytes(32)], note=FORKED.note(5)), 422, None),
        (FORKED.request(5, 5), 409, 5),
    ],
)
async def test_the_first_rule_that_a_request_breaks_answers_and_nothing_changes(
    memory: WitnessMemory, body: bytes, status: int, size: int | None
) -> None:
    log, signs = Log(), witness(memory)
    assert (await signs.add_checkpoint(log.request(0, 5))).status == 200
    answer = await signs.add_checkpoint(body)
    assert answer.status == status
    assert answer.body.endswith(b"\n")
    if size is not None:
        assert (answer.content_type, answer.body) == ("text/x.tlog.size", b"%d\n" % size)
    assert memory.seen(ORIGIN) == log.seen(5)
    assert (await signs.add_checkpoint(log.request(5, 8))).status == 200


async def test_a_first_checkpoint_has_no_proof_and_no_other_old_size(memory: WitnessMemory) -> None:
    log, signs = Log(), witness(memory)
    proven = render_request(old=0, proof=[bytes(32)], note=log.note(8))
    assert (await signs.add_checkpoint(proven)).status == 422
    answer = await signs.add_checkpoint(log.request(5, 8))
    assert (answer.status, answer.body) == (409, b"0\n")
    wrong = render_request(old=0, proof=[], note=log.note(0, root=bytes(32)))
    assert (await signs.add_checkpoint(wrong)).status == 409
    assert memory.seen(ORIGIN) is None


NOTE = Log().note(8)
HASH = to_base64(bytes(32)).encode() + b"\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        NOTE,
        b"old 0\n" + NOTE,
        b"old 00\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old  0\n\n" + NOTE,
        b"old 0 \n\n" + NOTE,
        b"old 0\r\n\r\n" + NOTE,
        b"old 9223372036854775808\n\n" + NOTE,
        b"new 0\n\n" + NOTE,
        b"\nold 0\n\n" + NOTE,
        b"old 1\nAAAA\n\n" + NOTE,
        b"old 1\n" + HASH[:-2] + b"\n\n" + NOTE,
        b"old 1\n \n\n" + NOTE,
        b"old 1\n\xff\n\n" + NOTE,
        b"old 1\n" + HASH * 64 + b"\n" + NOTE,
        b"old 0\n\n",
        b"old 0\n\n" + NOTE[:-1],
        b"old 0\n\n" + NOTE.replace(b"8\n", b"08\n"),
        b"old 0\n\n" + Log("o" * 256).note(8),
    ],
)
async def test_what_is_no_request_is_400(memory: WitnessMemory, body: bytes) -> None:
    with pytest.raises(BadNote):
        parse_request(body)
    assert (await witness(memory).add_checkpoint(body)).status == 400


async def test_what_is_too_long_is_413(memory: WitnessMemory) -> None:
    assert (await witness(memory).add_checkpoint(b"a" * 70_000)).status == 413


def test_a_request_is_read_as_it_is_written() -> None:
    body = Log().request(3, 200)
    read = parse_request(body)
    assert render_request(old=read.old, proof=read.proof, note=read.content) == body


def test_one_trusted_key_is_enough_and_unknown_ones_are_ignored() -> None:
    both = [Ed25519Signer(ORIGIN, b"L" * 32), MlDsa44Cosigner(ORIGIN, b"M" * 32)]
    request = parse_request(
        Log(signers=[Ed25519Signer("x.example", bytes(32)), *both]).request(0, 8)
    )
    for key in (both[0].key, both[1].key):
        assert refusal_of(request, keys=[key], seen=None) is None
    stranger = Ed25519Signer(ORIGIN, bytes(32)).key
    refusal = refusal_of(request, keys=[stranger], seen=None)
    assert refusal is not None
    assert refusal.status == 403


def test_one_line_watches_every_log_under_a_prefix() -> None:
    whole = Ed25519Signer("log.example", b"L" * 32)
    special = Ed25519Signer("log.example/own", b"O" * 32)
    deeper = Ed25519Signer("log.example/a/b", b"D" * 32)
    logs = parse_watched_logs(
        f"# ours\n\nprefix {whole.key.render()}\n{special.key.render()}\r\n"
        f"  prefix {deeper.key.render()}\n"
    )
    assert logs.keys_of(ORIGIN) == (Ed25519Signer(ORIGIN, b"L" * 32).key,)
    assert logs.keys_of("log.example/own") == (special.key,)
    assert logs.keys_of("log.example/a/b/c") == (Ed25519Signer("log.example/a/b/c", b"D" * 32).key,)
    assert logs.keys_of("log.example/a/b")[0].public_key == whole.key.public_key
    for origin in ("log.example", "log.exampleb/x", "other.example/x", "log.example/a b", ""):
        assert logs.keys_of(origin) == ()


@pytest.mark.parametrize("line", ["prefix", "log.example", "prefix x y", "log x", "a+b+c d"])
def test_a_line_of_the_logs_that_is_no_key_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 of the logs"):
        parse_watched_logs(f"#\n{line}\n")


class Meeting(WitnessMemory):
    """A memory in which two requests both look before either remembers: the worst moment of the race."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._both_looked = threading.Barrier(2)

    def advance(
        self, *, origin: str, seen: Seen | None, to: Seen, checkpoint: bytes, now_s: int
    ) -> int | None:
        self._both_looked.wait(10)
        return super().advance(origin=origin, seen=seen, to=to, checkpoint=checkpoint, now_s=now_s)


@pytest.mark.parametrize("old", [0, 5])
@pytest.mark.parametrize("sizes", [(8, 12), (12, 8), (8, 8)])
async def test_of_two_requests_at_once_one_is_signed_and_nothing_is_rolled_back(
    tmp_path: Path, old: int, sizes: tuple[int, int]
) -> None:
    log = Log()
    first = WitnessMemory(tmp_path / "memory")
    if old:
        assert (await witness(first).add_checkpoint(log.request(0, old))).status == 200
    memory = Meeting(tmp_path / "memory")
    signs = witness(memory)
    answers = await asyncio.gather(
        *(signs.add_checkpoint(log.request(old, size)) for size in sizes)
    )
    statuses = [one.status for one in answers]
    assert sorted(statuses) == [200, 409]
    signed = sizes[statuses.index(200)]
    assert first.seen(ORIGIN) == log.seen(signed)
    assert answers[statuses.index(409)].body == b"%d\n" % signed
    first.close()
    memory.close()


def test_many_witnesses_on_one_file_sign_one_history(tmp_path: Path) -> None:
    log, path = Log(), tmp_path / "memory"
    WitnessMemory(path).close()

    def climb(step: int) -> list[tuple[int, int]]:
        """Ask for ever larger trees, as often as a stale size is told; give what was signed and when."""
        memory = WitnessMemory(path)
        signs, old, signed = witness(memory, at_s=1_000 + step), 0, []
        for _ in range(40):
            answer = asyncio.run(signs.add_checkpoint(log.request(old, old + step)))
            if answer.status == 200:
                old += step
                signed += [(old, cosigned(answer, log.note(old))[0])]
            else:
                assert answer.status == 409
                old = int(answer.body)
        memory.close()
        return signed

    with ThreadPoolExecutor(4) as pool:
        histories = list(pool.map(climb, (1, 2, 3, 5)))
    signed = sorted(one for history in histories for one in history)
    sizes, times = [size for size, _ in signed], [at_s for _, at_s in signed]
    assert len(sizes) == len(set(sizes))
    # A larger tree is never signed as of an earlier time, though the four clocks differ.
    assert times == sorted(times)
    for history in histories:
        assert history == sorted(history)


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.booleans(), st.none() | st.integers(0, 9), st.integers(0, 9)), max_size=15
    )
)
def test_whatever_is_asked_in_whatever_order_one_history_is_signed(
    asked: list[tuple[bool, int | None, int]],
) -> None:
    # The two logs share three entries; None stands for the size that was signed last.
    logs, signed = (Log(), FORKED), []
    memory = WitnessMemory(Path(":memory:"))
    for is_forked, old, new in asked:
        known = (memory.seen(ORIGIN) or NEVER).size
        body = logs[is_forked].request(known if old is None else old, new)
        if to_end(witness(memory).add_checkpoint(body)).status == 200:
            signed.append(logs[is_forked].seen(new))
    memory.close()
    assert [one.size for one in signed] == sorted(one.size for one in signed)
    assert any(all(one == log.seen(one.size) for one in signed) for log in logs)


async def test_the_time_of_a_log_never_goes_back(memory: WitnessMemory) -> None:
    log = Log()
    for at_s, old, new, expected in (
        (50, 0, 1, 50),
        (40, 1, 2, 50),
        (40, 2, 2, 50),
        (60, 2, 3, 60),
    ):
        answer = await witness(memory, at_s=at_s).add_checkpoint(log.request(old, new))
        assert cosigned(answer, log.note(new)) == [expected, expected]


async def test_a_witness_that_starts_again_remembers(tmp_path: Path) -> None:
    log, path = Log(), tmp_path / "memory"
    before = WitnessMemory(path)
    assert (await witness(before).add_checkpoint(log.request(0, 5))).status == 200
    before.close()
    after = WitnessMemory(path)
    assert after.seen(ORIGIN) == log.seen(5)
    assert (await witness(after).add_checkpoint(FORKED.request(5, 9))).status == 422
    assert (await witness(after).add_checkpoint(log.request(5, 9))).status == 200
    after.close()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tallystick.audit.adapters.witness_memory import WitnessMemory
from tests.audit.logs import Log
from tests.audit.test_witness import SIGNERS, witness

class Fatal:
    key = SIGNERS[0].key
    def sign(self, text, *, at_s):
        os.kill(os.getpid(), signal.SIGKILL)

signs = witness(WitnessMemory(Path(sys.argv[1])))
signs._signers = [Fatal()]
asyncio.run(signs.add_checkpoint(Log().request(0, 5)))
"""


def test_a_witness_killed_before_it_answers_remembers_and_answers_when_asked_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "memory"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    log, memory = Log(), WitnessMemory(path)
    again = to_end(witness(memory).add_checkpoint(log.request(0, 5)))
    assert (again.status, again.body) == (409, b"5\n")
    answer = to_end(witness(memory).add_checkpoint(log.request(5, 5)))
    assert cosigned(answer, log.note(5)) == [1_000, 1_000]
    memory.close()


async def test_what_cannot_be_remembered_is_not_signed(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path / "memory")
    memory._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(WitnessMemoryUnavailable):
        await witness(memory).add_checkpoint(Log().request(0, 5))
    assert memory.seen(ORIGIN) is None
    memory.close()


def test_no_statement_makes_the_memory_go_back(memory: WitnessMemory, tmp_path: Path) -> None:
    log = Log()
    known = log.seen(5)
    assert memory.advance(origin=ORIGIN, seen=None, to=known, checkpoint=b"", now_s=7) == 7
    for to in (log.seen(4), Seen(size=5, root=bytes(32))):
        with pytest.raises(WitnessMemoryUnavailable, match="witnessed_never_goes_back"):
            memory.advance(origin=ORIGIN, seen=known, to=to, checkpoint=b"", now_s=8)
    other = sqlite3.connect(tmp_path / "memory")
    with pytest.raises(sqlite3.IntegrityError, match="witnessed_is_never_forgotten"):
        other.execute("DELETE FROM witnessed")
    other.close()
    assert memory.seen(ORIGIN) == known


def test_a_commit_is_on_the_disk(memory: WitnessMemory) -> None:
    told = [
        memory._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    ]
    assert told == ["wal", 2]


def test_a_file_that_is_no_memory_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(WitnessMemoryUnavailable):
        WitnessMemory(path)


ALGORITHMS = (ED25519, COSIGNATURE_ED25519, ML_DSA_44)


def test_keys_are_read_as_they_were_made_and_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    made = make_keys(path, name=NAME, algorithms=ALGORITHMS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.key for one in read_signers(path)] == made
    assert len({one.public_key for one in made}) == 3
    renamed = read_signers(path, name=ORIGIN)
    assert [(one.key.name, one.key.public_key) for one in renamed] == [
        (ORIGIN, one.public_key) for one in made
    ]
    for mode in (0o640, 0o604, 0o620, 0o601):
        path.chmod(mode)
        with pytest.raises(KeyFileRefused, match="0600"):
            read_signers(path)


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    make_keys(path, name=NAME, algorithms=(ED25519,))
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        make_keys(path, name=NAME, algorithms=(ED25519,))
    assert path.read_bytes() == before
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        make_keys(tmp_path / "link", name=NAME, algorithms=(ED25519,))
    with pytest.raises(BadNote):
        make_keys(tmp_path / "new", name="a name", algorithms=(ED25519,))
    assert not (tmp_path / "new").exists()


SECRET = to_base64(b"S" * 32)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        f"{NAME}+01+{SECRET}",
        f"{NAME}+01+{SECRET[:-1]}\n",
        f"{NAME}+1+{SECRET}\n",
        f"{NAME}+02+{SECRET}\n",
        f"{NAME}+{SECRET}\n",
        f"{NAME}+01+{SECRET}\n\n",
        f"{NAME}+01+{to_base64(bytes(31))}\n",
        "\x00" * 70_000,
    ],
)
def test_a_file_that_holds_no_keys_is_refused_and_its_content_not_told(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "keys"
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(KeyFileRefused) as refusal:
        read_signers(path)
    assert SECRET[:8] not in str(refusal.value)
    assert refusal.value.__cause__ is None
