"""The entries of the books, written by hand since it is done for every posting, are what the general way writes."""

import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tallystick.audit.model import tiles
from tallystick.kernel import entries
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import SALT_BYTES
from tallystick.ledger.api import RefusalCode
from tallystick.ledger.model.acts import Act
from tallystick.ledger.model.outcomes import Outcome, Target
from tallystick.ledger.store import recording
from tallystick.runtime import record

AT = 1_795_830_991_850_743
TEXTS = st.text('aZ0 "\\/<é\u00df\u2028\ufb33\U0001f600', max_size=8)
IDS = st.text('aZ0!"\\/~-_', min_size=1, max_size=10)
TIMES = st.integers(-(2**50), 2**52)
AMOUNTS = st.integers(1, 10**38 - 1)


@st.composite
def acts(draw: st.DrawFn) -> tuple[Outcome, list[int], list[int]]:
    """An outcome with the accounts and amounts that it booked."""
    origin = draw(st.sampled_from(["", "192.0.2.1", '2001:db8::1 "given"']))
    caller = Caller(tenant_id=3, actor=draw(TEXTS), request=draw(IDS), origin=origin)
    act = Act(
        id=draw(IDS),
        kind=draw(st.sampled_from(sorted(recording.TAGS))),
        caller=caller,
        effective_at=draw(st.none() | TIMES),
        expires_at=draw(st.none() | TIMES),
        reference=draw(st.none() | TEXTS),
        metadata=draw(st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3)),
        fingerprint=draw(st.binary(min_size=18, max_size=50)),
    )
    outcome = Outcome(act, draw(TIMES))
    if draw(st.booleans()):
        outcome.refuse(
            RefusalCode.CREDIT_ACCOUNT_NOT_FOUND, draw(st.dictionaries(TEXTS, TEXTS, max_size=2))
        )
    if draw(st.booleans()):
        outcome.target = Target(
            id="t", kind="hold", recorded_at=draw(TIMES), refused=False, accounts=(), amounts=(),
            rest=[], state=None, expires_at=None,
        )  # fmt: skip
    accounts = (
        draw(st.lists(st.integers(1, 2**53 - 1), max_size=6)) if outcome.refusal is None else []
    )
    return outcome, accounts, [draw(AMOUNTS) for _ in accounts[::2]]


def row_of(outcome: Outcome, accounts: list[int], amounts: list[int]) -> dict[str, Any]:
    """The row that such an act leaves."""
    act = outcome.act
    return {
        "recorded_at": outcome.recorded_at,
        "effective_at": outcome.effective_at,
        "id": act.id,
        "kind": act.kind,
        "fingerprint": act.fingerprint,
        "account_ids": accounts,
        "amounts": amounts,
        "target_at": outcome.target and outcome.target.recorded_at,
        "expires_at": act.expires_at,
        "reference": act.reference,
        "metadata": act.metadata or None,
        "refusal": outcome.refusal and str(outcome.refusal),
        "refusal_fields": dict(outcome.fields) or None,
    }


def literal(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


@given(st.lists(acts(), min_size=1, max_size=4))
def test_by_hand_it_is_what_the_row_asks_for_in_general(
    made: list[tuple[Outcome, list[int], list[int]]],
) -> None:
    booked = [(literal(accounts), literal(amounts)) for _, accounts, amounts in made]
    outcomes = [outcome for outcome, _, _ in made]
    _, _, (length,), (packed,), (salts,), (origins,) = recording.leaves_of(outcomes, booked, (3, 4))
    written = tiles.unpack(packed)
    assert length == len(written) == len(made)
    assert origins.split("\n") == [outcome.act.caller.origin for outcome in outcomes]
    for place, (outcome, accounts, amounts) in enumerate(made):
        salt = salts[SALT_BYTES * place : SALT_BYTES * (place + 1)]
        deed = recording.deed_of_row(row_of(outcome, accounts, amounts), (3, 4))
        asked = entries.Deed(
            **{name: getattr(deed, name) for name in deed.__struct_fields__ if name != "caller"},
            caller=outcome.act.caller,
        )
        assert written[place] == entries.write(asked, salt=salt)


def test_a_leaf_has_at_most_256_entries_and_keeps_their_order() -> None:
    many = [f"{number}".encode() for number in range(600)]
    salts = record.draw_salts(600)
    columns = record.columns_of(many, salts=salts, times=range(1_000, 1_600), origins=["x"] * 600)
    firsts, lasts, lengths, packed, salted, _ = columns
    assert lengths == [256, 256, 88]
    assert (firsts, lasts) == ([1_000, 1_256, 1_512], [1_255, 1_511, 1_599])
    assert [entry for leaf in packed for entry in tiles.unpack(leaf)] == many
    assert b"".join(salted) == salts
    assert len({salts[at : at + SALT_BYTES] for at in range(0, len(salts), SALT_BYTES)}) == 600


def test_nothing_done_writes_no_leaf() -> None:
    assert recording.leaves_of([], [], (1, 1)) == []


@pytest.mark.parametrize("origin", ["", "192.0.2.1"])
def test_a_seal_opens_with_salt_and_texts_by_another_program(origin: str) -> None:
    caller = Caller(tenant_id=1, actor="key_1", request="req_1", origin=origin)
    act = Act(id='a"\\b', kind="post", caller=caller, reference="é", fingerprint=b"f" * 18)
    (_, _, _, (packed,), (salt,), _) = recording.leaves_of(
        [Outcome(act, AT)], [("{1,2}", "{5}")], (1, 9)
    )
    (entry,) = tiles.unpack(packed)
    texts = {"fingerprint": (b"f" * 18).hex(), "id": 'a"\\b', "reference": "é"}
    texts |= {"from": origin} if origin else {}
    opened = hashlib.sha256(salt + rfc8785.dumps(texts)).hexdigest()
    assert entries.read(entry).sealed == opened
