"""Our own contexts keep the contracts that ship with the package, near and far."""

import pytest

from tallystick.contracts import Outcome, run
from tallystick.contracts.ledger import CONTRACT as LEDGER
from tallystick.contracts.payments import CONTRACT as PAYMENTS
from tallystick.contracts.wallets import CONTRACT as WALLETS
from tests.contracts.faulty import FAULTS, IsSlow


def broken(outcomes: list[Outcome]) -> dict[str, str]:
    """What was not kept, by promise."""
    return {one.promise: one.broken for one in outcomes if one.broken is not None}


async def test_our_wallets_keep_their_contract(house) -> None:
    outcomes = await run(WALLETS, house.wallets, house.world())
    assert broken(outcomes) == {}
    assert len(outcomes) > 25


@pytest.mark.parametrize("contract", [LEDGER, PAYMENTS], ids=["ledger", "payments"])
async def test_our_ledger_and_payments_keep_theirs(house, contract) -> None:
    outcomes = await run(contract, getattr(house, contract.context), house.world())
    assert broken(outcomes) == {}
    assert len(outcomes) > 5


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda one: one.__name__)
async def test_a_faulty_substitute_is_rejected_with_the_promise_it_breaks(house, faulty) -> None:
    promise, words = FAULTS[faulty]
    outcomes = await run(WALLETS, faulty(house.wallets, house.ledger), house.world())
    found = broken(outcomes)
    assert promise in found, found
    assert words in found[promise]


async def test_what_takes_too_long_is_broken_and_ends(house) -> None:
    slow = IsSlow(house.wallets, house.ledger)
    outcomes = await run(WALLETS, slow, house.world(), within_s=4)
    found = broken(outcomes)
    assert "seconds" in found["closed and opened again"]
    assert "not tried" in found[outcomes[-1].promise]


def test_every_promise_says_what_it_promises() -> None:
    assert len({one.name for one in WALLETS.promises}) == len(WALLETS.promises)
    with pytest.raises(ValueError, match="one sentence"):
        WALLETS.promise(house_of_nobody)


async def house_of_nobody(door, world) -> None:
    """says nothing"""
