"""Answers get lost on the way from a real platform, and everything is done once all the same."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from tallystick.client import AnswerLost, AsyncClient, Client, Patience, problems
from tallystick.kernel.money import to_int
from tallystick.ledger.api import Post, Posting, Side
from tallystick.payments.api import PaymentState
from tallystick.wallets.api import AccountWanted, Owner, OwnerKind
from tests.client.proxy import Fault, Proxy
from tests.payments.orders import FIETSEN, RAHMENBAU, Order, initiation

LOSSES = [Fault.LOSE_ANSWER, Fault.BREAK_ANSWER, Fault.LOSE_REQUEST, Fault.BAD_GATEWAY]
QUICK = Patience(first_pause_ms=5, pause_ms_max=20)


@pytest.fixture(scope="module")
def books(running: object, key: str) -> Iterator[Client]:
    """A tenant with a book and two wallets, one of them rich."""
    with Client(running.url, credential=key) as client:  # type: ignore[attr-defined]
        client.ledger.open_ledger(name="main")
        for address, side in (("cash", Side.DEBIT), ("ana", Side.CREDIT)):
            client.ledger.open_account(
                ledger="main", address=address, asset="EUR", exponent=2, normal_side=side
            )
        for wallet, iban in (("fietsen", FIETSEN), ("rahmenbau", RAHMENBAU)):
            client.wallets.open(
                id=wallet,
                owner=Owner(kind=OwnerKind.COMPANY, name=wallet),
                name=wallet,
                accounts=(AccountWanted(asset="EUR", exponent=2, iban=iban),),
            )
        client.ledger.open_account(
            ledger="main", address="nostro", asset="EUR", exponent=2, normal_side=Side.DEBIT
        )
        opening = posting("nostro", "wallets:fietsen:eur", 100_00)
        client.ledger.submit(ledger="main", act=Post(postings=(opening,)))
        yield client


@pytest.fixture
def lossy(books: Client, proxy: Proxy, key: str) -> Iterator[Client]:
    """A client of that tenant behind the proxy."""
    with Client(proxy.url, credential=key, patience=QUICK) as client:
        yield client


def posting(debit: str, credit: str, amount: int) -> Posting:
    return Posting(debit=debit, credit=credit, amount=amount, asset="EUR")


def posted(client: Client, ledger: str, address: str) -> int:
    account = client.ledger.account(ledger=ledger, address=address)
    return to_int(account.balances.posted)


def test_an_act_without_an_id_is_done_once(books: Client, lossy: Client, proxy: Proxy) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [*LOSSES]
    act = Post(postings=(posting("cash", "ana", 7),))
    verdict = lossy.ledger.submit(ledger="main", act=act)
    assert verdict.replayed
    assert verdict.transaction is not None
    assert posted(books, "main", "ana") == before + 7
    assert len(proxy.seen) == 5
    assert {key for _, _, key in proxy.seen} == {verdict.id}


def test_a_batch_is_done_once_and_every_act_of_it_has_an_id(
    books: Client, lossy: Client, proxy: Proxy
) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [Fault.LOSE_ANSWER, Fault.BAD_GATEWAY]
    acts = tuple(Post(postings=(posting("cash", "ana", amount),)) for amount in (1, 2))
    verdicts = lossy.ledger.submit_batch(ledger="main", items=acts)
    assert [one.replayed for one in verdicts.items] == [True, True]
    assert posted(books, "main", "ana") == before + 3


def test_a_batch_of_which_nobody_heard_is_asked_again_under_its_key_and_paid_once(
    books: Client, lossy: Client, proxy: Proxy
) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [Fault.LOSE_ANSWER] * QUICK.attempts_max
    acts = tuple(Post(postings=(posting("cash", "ana", amount),)) for amount in (4, 4))
    with pytest.raises(AnswerLost) as lost:
        lossy.ledger.submit_batch(ledger="main", items=acts)
    key = lost.value.key
    verdicts = lossy.ledger.submit_batch(ledger="main", items=acts, idempotency_key=key)
    assert [(one.id, one.replayed) for one in verdicts.items] == [
        (f"{key}-0", True),
        (f"{key}-1", True),
    ]
    assert posted(books, "main", "ana") == before + 8


async def test_a_call_that_is_cancelled_tells_its_key_and_is_done_once(
    books: Client, proxy: Proxy, key: str
) -> None:
    before = posted(books, "main", "ana")
    act = Post(postings=(posting("cash", "ana", 3),))
    slow = Patience(first_pause_ms=60_000, pause_ms_max=60_000, total_ms=200_000)
    async with AsyncClient(proxy.url, credential=key, patience=slow) as client:
        for call in (
            partial(client.ledger.submit, ledger="main", act=act),
            partial(client.ledger.submit_batch, ledger="main", items=(act, act)),
        ):
            proxy.faults = [Fault.LOSE_ANSWER]
            with pytest.raises(TimeoutError) as late:
                await asyncio.wait_for(call(), timeout=2)
            made = getattr(late.value.__cause__, "key", "")
            assert f"idempotency_key: {made}" in late.value.__cause__.__notes__  # type: ignore[union-attr]
            await call(idempotency_key=made)
    assert posted(books, "main", "ana") == before + 9


async def test_within_its_time_a_call_ends_by_itself(books: Client, proxy: Proxy, key: str) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [Fault.HOLD_BACK]
    act = Post(postings=(posting("cash", "ana", 6),))
    async with AsyncClient(proxy.url, credential=key) as client:
        with pytest.raises(AnswerLost, match="took too long") as lost:
            await client.ledger.submit(ledger="main", act=act, within_ms=500)
        made = lost.value.key
        assert (await client.ledger.submit(ledger="main", act=act, idempotency_key=made)).replayed
    assert posted(books, "main", "ana") == before + 6


def test_a_file_is_paid_once_and_its_report_comes_all_the_same(
    books: Client, lossy: Client, proxy: Proxy
) -> None:
    before = posted(books, "main", "wallets:rahmenbau:eur")
    content = initiation(Order(amount="12.34"), message_id="lost-1")
    proxy.faults = [Fault.LOSE_ANSWER, Fault.BREAK_ANSWER]
    answer = lossy.payments.submit_file(content=content)
    detail = lossy.payments.file(file=answer.file_id)
    assert [one.state for one in detail.payments] == [PaymentState.SETTLED]
    report = lossy.payments.submit_file_xml(content=content)
    assert report == books.payments.report(file=answer.file_id)
    assert posted(books, "main", "wallets:rahmenbau:eur") == before + 1_234


def test_what_is_no_money_is_done_once_too(books: Client, lossy: Client, proxy: Proxy) -> None:
    proxy.faults = [Fault.LOSE_ANSWER]
    wallet = lossy.wallets.open(
        owner=Owner(kind=OwnerKind.PERSON, name="Ana"),
        name="Ana",
        accounts=(AccountWanted(asset="EUR", exponent=2),),
    )
    named_ana = [one for one in books.wallets.each_wallet(most=100) if one.name == "Ana"]
    assert [one.id for one in named_ana] == [wallet.id]
    proxy.faults = [Fault.LOSE_ANSWER]
    assert lossy.wallets.freeze(wallet=wallet.id).status == "frozen"


def test_a_secret_whose_answer_was_lost_is_not_made_twice(
    books: Client, lossy: Client, proxy: Proxy
) -> None:
    before = len(list(books.keys.each_key(most=100)))
    proxy.faults = [Fault.LOSE_ANSWER]
    with pytest.raises(problems.AnswerNotKept):
        lossy.keys.create(label="lost")
    keys = list(books.keys.each_key(most=100))
    assert len(keys) == before + 1
    lost = next(one for one in keys if one.label == "lost")
    proxy.faults = [Fault.LOSE_ANSWER]
    assert lossy.keys.revoke(key_id=lost.key_id).revoked_at is not None


def test_when_all_attempts_are_lost_the_key_is_told_and_finishes_it_later(
    books: Client, lossy: Client, proxy: Proxy
) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [Fault.LOSE_ANSWER] * QUICK.attempts_max
    act = Post(postings=(posting("cash", "ana", 5),))
    with pytest.raises(AnswerLost) as lost:
        lossy.ledger.submit(ledger="main", act=act)
    verdict = lossy.ledger.submit(ledger="main", act=act, idempotency_key=lost.value.key)
    assert verdict.replayed
    assert posted(books, "main", "ana") == before + 5


def test_a_refusal_is_final_and_typed(lossy: Client, proxy: Proxy) -> None:
    act = Post(postings=(posting("cash", "nobody", 5),))
    with pytest.raises(problems.Refused) as refused:
        lossy.ledger.submit(ledger="main", act=act)
    assert refused.value.code == "credit_account_not_found"
    with pytest.raises(problems.LedgerNotFound):
        lossy.ledger.account(ledger="other", address="cash")
    assert len(proxy.seen) == 2
    with (
        Client(proxy.url, credential="tally_of_nobody") as stranger,
        pytest.raises(problems.Unauthenticated),
    ):
        stranger.keys.who_am_i()


async def test_the_other_face_does_the_same(books: Client, proxy: Proxy, key: str) -> None:
    before = posted(books, "main", "ana")
    proxy.faults = [*LOSSES]

    async def show(method: str, url: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"}

    async with AsyncClient(proxy.url, credential=show, patience=QUICK) as client:
        act = Post(postings=(posting("cash", "ana", 9),))
        assert (await client.ledger.submit(ledger="main", act=act)).replayed
        names = [one.name async for one in client.ledger.each_ledger(most=10)]
        assert names == ["main"]
        entries = client.ledger.each_entry(ledger="main", address="ana", most=1_000)
        assert (await anext(entries)).amount == 9
        with pytest.raises(problems.Refused):
            await client.ledger.submit(
                ledger="main", act=Post(postings=(posting("cash", "nobody", 1),))
            )
    assert posted(books, "main", "ana") == before + 9
