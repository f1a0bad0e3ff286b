"""The contract of the ledger: its essential promises. As-of balances, caps, lists and metadata are not covered yet."""

import asyncio
from typing import Final

from msgspec import structs

from tallystick.contracts.promises import Contract, World, pages, refused, same
from tallystick.kernel.callers import Caller
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    AccountExistsDifferent,
    AccountNotEmpty,
    AccountNotFound,
    AccountOf,
    AnyCommand,
    AssetExponentDiffers,
    Capture,
    Hold,
    Ledger,
    LedgerNotFound,
    ListEntries,
    OpenAccount,
    OpenLedger,
    Post,
    Posting,
    RefusalCode,
    Reverse,
    SetStatus,
    Side,
    Status,
    Submit,
    TransactionNotFound,
    TransactionOf,
    Verdict,
    Verify,
    Void,
)

CONTRACT: Final = Contract(Ledger)
BOOK: Final = "contract"
LARGEST: Final = 10**38 - 1
AT_ONCE: Final = 8


async def _accounts(ledger: Ledger, caller: Caller, name: str) -> None:
    """Open a book, a bank account without limits, and one that is never overdrawn."""
    await ledger.open_ledger(caller=caller, message=OpenLedger(name=BOOK))
    bank = OpenAccount(
        ledger=BOOK, address=f"{name}:bank", asset="EUR", exponent=2, normal_side=Side.DEBIT
    )
    await ledger.open_account(caller=caller, message=bank)
    ana = structs.replace(bank, address=f"{name}:ana", normal_side=Side.CREDIT, min_available=0)
    await ledger.open_account(caller=caller, message=ana)


def _move(name: str, amount: int | str, *, out: bool = False) -> tuple[Posting, ...]:
    sides = (f"{name}:ana", f"{name}:bank") if out else (f"{name}:bank", f"{name}:ana")
    return (Posting(debit=sides[0], credit=sides[1], amount=amount, asset="EUR"),)


async def _submit(ledger: Ledger, world: World, *acts: AnyCommand) -> tuple[Verdict, ...]:
    message = Submit(ledger=BOOK, items=acts)
    return (await ledger.submit(caller=world.caller, message=message)).items


def _codes(verdicts: tuple[Verdict, ...]) -> list[str | None]:
    return [one.refusal and one.refusal.code for one in verdicts]


async def _balances(ledger: Ledger, world: World, address: str) -> tuple[int, int, int]:
    message = AccountOf(ledger=BOOK, address=address)
    found = (await ledger.account(caller=world.caller, message=message)).balances
    return to_int(found.posted), to_int(found.pending), to_int(found.available)


@CONTRACT.reaching
async def answers(ledger: Ledger, world: World) -> None:
    """Open a book."""
    await ledger.open_ledger(caller=world.caller, message=OpenLedger(name=BOOK))


@CONTRACT.promise
async def an_account_is_opened_once(ledger: Ledger, world: World) -> None:
    """An account is opened once; the same again is the same, other content is refused."""
    await _accounts(ledger, world.caller, "once")
    same_again = OpenAccount(
        ledger=BOOK, address="once:bank", asset="EUR", exponent=2, normal_side=Side.DEBIT
    )
    again = await ledger.open_account(caller=world.caller, message=same_again)
    same(again.replayed, True, "opened again")
    with refused(AccountExistsDifferent, "another normal side"):
        other = structs.replace(same_again, normal_side=Side.CREDIT)
        await ledger.open_account(caller=world.caller, message=other)
    with refused(AssetExponentDiffers, "another exponent of the asset"):
        odd = structs.replace(same_again, address="once:odd", exponent=3)
        await ledger.open_account(caller=world.caller, message=odd)
    with refused(LedgerNotFound, "an account in no ledger"):
        nowhere = structs.replace(same_again, ledger="nowhere")
        await ledger.open_account(caller=world.caller, message=nowhere)
    with refused(Malformed, "an address that is none"):
        bad = structs.replace(same_again, address="a b")
        await ledger.open_account(caller=world.caller, message=bad)


@CONTRACT.promise
async def money_moves_once(ledger: Ledger, world: World) -> None:
    """The same id is the same act: repeated it moves nothing, with other content it is refused."""
    await _accounts(ledger, world.caller, "moves")
    act = Post(id="moves-1", postings=_move("moves", 100))
    first, again = [(await _submit(ledger, world, act))[0] for _ in range(2)]
    same((first.replayed, again.replayed), (False, True), "replayed, first and again")
    same(again.transaction, first.transaction, "the transaction of the repetition")
    other = Post(id="moves-1", postings=_move("moves", 101))
    same(
        _codes(await _submit(ledger, world, other)),
        [RefusalCode.EXISTS_WITH_DIFFERENT_POSTINGS],
        "the same id with another amount",
    )
    same(await _balances(ledger, world, "moves:ana"), (100, 100, 100), "the balances then")
    same(await _balances(ledger, world, "moves:bank"), (100, 100, 100), "those of the other side")


@CONTRACT.promise
async def a_refusal_is_final(ledger: Ledger, world: World) -> None:
    """What was refused stays refused under its id, and moves nothing."""
    await _accounts(ledger, world.caller, "final")
    act = Post(id="final-1", postings=_move("final", 1, out=True))
    code = [RefusalCode.EXCEEDS_AVAILABLE_BALANCE]
    same(_codes(await _submit(ledger, world, act)), code, "paying out what is not there")
    await _submit(ledger, world, Post(id="final-2", postings=_move("final", 5)))
    again = await _submit(ledger, world, act)
    same((_codes(again), again[0].replayed), (code, True), "the same again, when it is there")
    same(await _balances(ledger, world, "final:ana"), (5, 5, 5), "the balances then")


@CONTRACT.promise
async def at_the_same_time(ledger: Ledger, world: World) -> None:
    """The same act sent by several at the same time moves money once."""
    await _accounts(ledger, world.caller, "race")
    act = Post(id="race-1", postings=_move("race", 7))
    found = await asyncio.gather(*(_submit(ledger, world, act) for _ in range(AT_ONCE)))
    same(sum(not one[0].replayed for one in found), 1, "how many of them did it")
    same(await _balances(ledger, world, "race:ana"), (7, 7, 7), "the balances then")


@CONTRACT.promise
async def holds_reserve(ledger: Ledger, world: World) -> None:
    """A hold reserves, a capture posts a part, a final one gives back the rest, and a void all of it."""
    await _accounts(ledger, world.caller, "holds")
    await _submit(ledger, world, Post(id="holds-0", postings=_move("holds", 100)))
    await _submit(ledger, world, Hold(id="holds-1", postings=_move("holds", 60, out=True)))
    same(await _balances(ledger, world, "holds:ana"), (100, 40, 40), "with the hold")
    same(
        _codes(
            await _submit(ledger, world, Post(id="holds-2", postings=_move("holds", 41, out=True)))
        ),
        [RefusalCode.EXCEEDS_AVAILABLE_BALANCE],
        "paying out what is held",
    )
    await _submit(ledger, world, Capture(id="holds-3", target="holds-1", amounts=(50,), final=True))
    same(await _balances(ledger, world, "holds:ana"), (50, 50, 50), "after the final capture")
    await _submit(ledger, world, Hold(id="holds-4", postings=_move("holds", 50, out=True)))
    await _submit(ledger, world, Void(id="holds-5", target="holds-4"))
    same(await _balances(ledger, world, "holds:ana"), (50, 50, 50), "after the void")
    same(
        _codes(await _submit(ledger, world, Void(id="holds-6", target="holds-4"))),
        [RefusalCode.HOLD_ALREADY_VOIDED],
        "voided twice",
    )


@CONTRACT.promise
async def reversed_once(ledger: Ledger, world: World) -> None:
    """A transaction is reversed as far as it moved, and no further."""
    await _accounts(ledger, world.caller, "back")
    await _submit(ledger, world, Post(id="back-1", postings=_move("back", 100)))
    await _submit(ledger, world, Reverse(id="back-2", target="back-1", amounts=(30,)))
    same(await _balances(ledger, world, "back:ana"), (70, 70, 70), "after a part")
    await _submit(ledger, world, Reverse(id="back-3", target="back-1"))
    same(await _balances(ledger, world, "back:ana"), (0, 0, 0), "after the rest")
    same(
        _codes(await _submit(ledger, world, Reverse(id="back-4", target="back-1"))),
        [RefusalCode.ALREADY_REVERSED],
        "once more",
    )


@CONTRACT.promise
async def batches(ledger: Ledger, world: World) -> None:
    """Neighbours of a group stand or fall together, and one malformed act keeps out the whole batch."""
    await _accounts(ledger, world.caller, "batch")
    verdicts = await _submit(
        ledger,
        world,
        Post(id="batch-1", postings=_move("batch", 5), group="g"),
        Post(id="batch-2", postings=_move("batch", 50, out=True), group="g"),
        Post(id="batch-3", postings=_move("batch", 1)),
    )
    same(
        _codes(verdicts),
        [RefusalCode.LINKED_ITEM_FAILED, RefusalCode.EXCEEDS_AVAILABLE_BALANCE, None],
        "a group in which one is refused",
    )
    with refused(Malformed, "a batch with an act that is malformed"):
        await _submit(
            ledger,
            world,
            Post(id="batch-4", postings=_move("batch", 1)),
            Post(id="batch-5", postings=_move("batch", 0)),
        )
    same(await _balances(ledger, world, "batch:ana"), (1, 1, 1), "the balances then")
    with refused(TransactionNotFound, "an act of the batch that was kept out"):
        message = TransactionOf(ledger=BOOK, id="batch-4")
        await ledger.transaction(caller=world.caller, message=message)


@CONTRACT.promise
async def amounts_are_exact(ledger: Ledger, world: World) -> None:
    """Amounts of 38 digits are kept to the last."""
    await _accounts(ledger, world.caller, "exact")
    await _submit(ledger, world, Post(id="exact-1", postings=_move("exact", str(LARGEST))))
    await _submit(ledger, world, Post(id="exact-2", postings=_move("exact", 1, out=True)))
    found = await _balances(ledger, world, "exact:ana")
    same(found, (LARGEST - 1,) * 3, "the balances")


@CONTRACT.promise
async def status_binds(ledger: Ledger, world: World) -> None:
    """Nothing moves on a frozen or closed account, and only an empty one closes."""
    await _accounts(ledger, world.caller, "status")
    await _submit(ledger, world, Post(id="status-1", postings=_move("status", 5)))
    named = SetStatus(ledger=BOOK, address="status:ana", status=Status.FROZEN)
    await ledger.set_status(caller=world.caller, message=named)
    same(
        _codes(
            await _submit(ledger, world, Post(id="status-2", postings=_move("status", 1, out=True)))
        ),
        [RefusalCode.DEBIT_ACCOUNT_IS_FROZEN],
        "paying out of a frozen account",
    )
    with refused(AccountNotEmpty, "closing an account that is not empty"):
        shut = structs.replace(named, status=Status.CLOSED)
        await ledger.set_status(caller=world.caller, message=shut)


@CONTRACT.promise
async def entries_in_order(ledger: Ledger, world: World) -> None:
    """Entries come in recorded order, in pages, each with the balance after it; and the books verify."""
    await _accounts(ledger, world.caller, "listed")
    amounts = [5, 7, 11, 13, 17]
    acts = [Post(id=f"listed-{amount}", postings=_move("listed", amount)) for amount in amounts]
    await _submit(ledger, world, *acts)

    async def ask(after: str | None):
        message = ListEntries(
            ledger=BOOK, address="listed:ana", oldest_first=True, after=after, limit=2
        )
        return await ledger.entries(caller=world.caller, message=message)

    found = await pages(ask, limit=2)
    same([to_int(one.amount) for one in found], amounts, "the amounts")
    sums = [sum(amounts[: end + 1]) for end in range(len(amounts))]
    same([to_int(one.balance) for one in found], sums, "the balances after them")
    proven = await ledger.verify(caller=world.caller, message=Verify())
    same(proven.damage, (), "what does not hold")


@CONTRACT.promise
async def tenants_are_apart(ledger: Ledger, world: World) -> None:
    """Tenants are apart: the same names are free in another, and nothing of one is found in the other."""
    await _accounts(ledger, world.caller, "apart")
    act = Post(id="apart-1", postings=_move("apart", 5))
    await _submit(ledger, world, act)
    with refused(LedgerNotFound, "a ledger of another tenant"):
        message = AccountOf(ledger=BOOK, address="apart:ana")
        await ledger.account(caller=world.stranger, message=message)
    await _accounts(ledger, world.stranger, "apart")
    theirs = await ledger.submit(caller=world.stranger, message=Submit(ledger=BOOK, items=(act,)))
    same(theirs.items[0].replayed, False, "the same id in another tenant")
    with refused(AccountNotFound, "an account that only the other has"):
        message = AccountOf(ledger=BOOK, address="once:bank")
        await ledger.account(caller=world.stranger, message=message)
