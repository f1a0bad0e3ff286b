"""A process of a split is killed: what does not need it goes on, and it comes back without the others being touched."""

import re
import time
from functools import partial

import httpx
import pytest

from tallystick.apps.parts import CONTEXTS
from tallystick.runtime.embedded.waiting import eventually
from tests.acceptance.split import Split
from tests.acceptance.verbs import VERBS, Verb, hand_in
from tests.apps.neighbours import Neighbour, code_of
from tests.apps.platform import ROOT

# It starts many processes.
pytestmark = pytest.mark.timeout(600)

# What was proven and decided is known for so long; a circuit that is open is tried again as often.
KNOWN_S = 5
# All verbs are asked, one after the other, as often as it takes.
CHANGED_WAIT_S = 90
ANSWERED_S = 15
PAGE = ROOT / "docs" / "operating" / "outages.md"
ROW = re.compile(rf"^\| ([a-z][^|]*?) \|((?: (?:yes|no) \|){{{len(CONTEXTS)}}})$", re.MULTILINE)


def works(bank: Neighbour, verb: Verb) -> bool:
    """Whether a verb is to be had now; what is not says so soon, and that it is worth asking later."""
    began = time.monotonic()
    try:
        answer = verb.ask(bank)
    except httpx.TransportError:
        return False
    assert time.monotonic() - began < ANSWERED_S, verb.name
    if answer.is_success:
        return True
    if answer.headers["content-type"].startswith("text/html"):
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True), answer.text
        return False
    shown = (answer.status_code, code_of(answer), answer.json()["retry"])
    assert shown == (503, "temporarily_unavailable", "later"), (verb.name, answer.text)
    return False


def to_be_had(bank: Neighbour) -> set[str]:
    return {verb.name for verb in VERBS if works(bank, verb)}


def have(bank: Neighbour, expected: set[str]) -> bool:
    return to_be_had(bank) == expected


def is_paid(bank: Neighbour, file: str) -> bool:
    (payment,) = bank.key.done("GET", f"/v1/payment-files/{file}")["payments"]
    return payment["state"] == "settled"


def test_every_process_is_killed_in_turn_and_comes_back(split: Split, bank: Neighbour) -> None:
    every, balance = (
        {verb.name for verb in VERBS},
        next(verb for verb in VERBS if verb.name == "read a balance"),
    )
    assert to_be_had(bank) == every
    for name, parts in split.parts.items():
        others = {one: running for one, running in split.running.items() if one != name}
        assert works(bank, balance)
        split.kill(name)
        if {"edge", "ledger"}.isdisjoint(parts):
            # Also where nobody is proven any more: whoever was a moment ago goes on.
            assert works(bank, balance), name
        killed = {
            verb.name for verb in VERBS if "edge" in parts or not verb.needs.isdisjoint(parts)
        }
        assert eventually(partial(have, bank, every - killed), timeout_s=CHANGED_WAIT_S), (
            name, sorted(to_be_had(bank) ^ (every - killed)),
        )  # fmt: skip
        waits = hand_in(bank).json()["file_id"] if parts == ("ledger",) else ""
        split.start(name)
        assert eventually(partial(have, bank, every), timeout_s=CHANGED_WAIT_S), (
            name, sorted(to_be_had(bank) ^ every),
        )  # fmt: skip
        assert all(split.running[one] is running for one, running in others.items())
        assert all(running.process.poll() is None for running in split.running.values())
        assert not waits or eventually(partial(is_paid, bank, waits), timeout_s=CHANGED_WAIT_S)


def test_the_page_of_outages_says_what_is_so() -> None:
    rows = {
        name: {
            context
            for context, word in zip(CONTEXTS, cells.strip(" |").split(" | "), strict=True)
            if word == "no"
        }
        for name, cells in ROW.findall(PAGE.read_text("utf-8"))
    }
    assert rows == {verb.name: set(verb.needs) for verb in VERBS}
