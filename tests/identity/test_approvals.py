"""Requests to agree: asked once, shown whole, agreed to by others with a signature over what was asked."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from tallystick.apps.compose import PLANNING
from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.approvals import (
    AlreadySaid,
    Approval,
    ApprovalHasEnded,
    ApprovalNotFound,
    ApprovalOf,
    Approve,
    ListApprovals,
    MakerNeverApproves,
    OnlyTheMaker,
    PasskeyNeeded,
    Reject,
    ShowApproval,
    Which,
)
from tallystick.identity.api.factors import (
    ChallengeFactors,
    ChallengeNotAccepted,
    OnlyPeople,
    PasskeyNotAccepted,
)
from tallystick.identity.store import approvals as store
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import canonical
from tallystick.kernel.problems import Malformed
from tallystick.runtime.database import Database
from tallystick.runtime.sql import queries
from tests.identity.authenticator import Passkey, to_text
from tests.identity.factors_house import MINUTE, HandClock, House, as_owner
from tests.plans import scans_of

PAY = "payments.payment.make"
ASKED = {
    "action": PAY, "amount": "125000", "asset": "EUR", "payee": "NL91ABNA0417164300",
    "payment": "invoice-7", "on": "invoice-7", "content": "ab" * 32,
}  # fmt: skip


@pytest.fixture
async def house(database_for: Any) -> House:
    database, operator = await database_for("identity", pool_size=6), await database_for("operator")
    return await House(database, operator, HandClock()).open()


@pytest.fixture
async def maker(house: House) -> Caller:
    return await house.person("Mo")


async def ask(house: House, maker: Caller, *, needed: int = 1, **other: str | None) -> str:
    """Ask as the guard does; answers the approval's id."""
    asked = {"maker": maker.actor} | ASKED | other
    text = canonical({name: value for name, value in asked.items() if value}).decode()
    async with house.database.transaction(tenant_id=house.tenant_id) as connection:
        row = await store.open_or_find(
            connection, tenant_id=house.tenant_id, maker=maker.actor, action=asked["action"] or "",
            digest=sha256(text.encode()).digest(), asked=text, needed=needed, now=house.clock.at,
            mint_id=house.mint.id, caller=maker,
        )  # fmt: skip
    return row.approval_id


async def approver(house: House, name: str = "Ada") -> tuple[Caller, Passkey]:
    caller = await house.person(name)
    return caller, await house.passkey(caller)


async def approve(house: House, caller: Caller, passkey: Passkey, approval: str) -> Approval:
    asked = await house.approvals.challenge(caller=caller, message=ApprovalOf(approval=approval))
    answer = passkey.get(asked.options)
    message = Approve(approval=approval, challenge=asked.challenge, credential=answer)
    return await house.approvals.approve(caller=caller, message=message)


async def approvers(house: House, approval: str) -> tuple[str, ...]:
    async with house.database.transaction(tenant_id=house.tenant_id) as connection:
        return await store.approvers_of(connection, tenant_id=house.tenant_id, approval_id=approval)


async def test_a_request_is_opened_once_also_by_many_at_once(house: House, maker: Caller) -> None:
    ids = await asyncio.gather(*(ask(house, maker) for _ in range(6)))
    assert len(set(ids)) == 1
    assert await ask(house, maker, amount="125001") != ids[0]
    assert await ask(house, await house.person()) != ids[0]
    told = await house.told("identity.approval.ask")
    assert len(told) == 3
    assert told[0].content is not None
    assert (told[0].content["action"], told[0].content["needed"]) == (PAY, 1)


async def test_an_expired_request_is_ended_and_another_opened(house: House, maker: Caller) -> None:
    first = await ask(house, maker)
    house.clock.at += store.LASTS - 1
    assert await ask(house, maker) == first
    house.clock.at += 1
    again = await ask(house, maker)
    assert again != first
    shown = await house.approvals.approval(
        caller=maker, message=ShowApproval(approval=first, mine=True)
    )
    assert (shown.status, shown.ended_at is None) == ("expired", False)
    assert await ask(house, maker, needed=2) != again
    late, passkey = await approver(house)
    with pytest.raises(ApprovalHasEnded):
        await approve(house, late, passkey, first)


async def test_another_agrees_by_a_signature_over_what_is_asked(
    house: House, maker: Caller
) -> None:
    approval = await ask(house, maker)
    ada, passkey = await approver(house)
    asked = await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=approval))
    assert asked.asked == {"maker": maker.actor, **ASKED}
    (kept,) = await house.rows("SELECT nonce FROM identity.challenge WHERE nonce IS NOT NULL")
    (row,) = await house.rows("SELECT asked, digest FROM identity.approval")
    bound = canonical(
        {
            "approval": approval, "asked": json.loads(row["asked"]), "digest": row["digest"].hex(),
            "nonce": kept["nonce"].hex(), "v": 1,
        }
    )  # fmt: skip
    # Anybody can compute what was signed from what is kept.
    assert asked.options["challenge"] == to_text(sha256(bound).digest())
    message = Approve(
        approval=approval, challenge=asked.challenge, credential=passkey.get(asked.options)
    )
    done = await house.approvals.approve(caller=ada, message=message)
    assert (done.status, done.agreed, done.said[0].name) == ("agreed", 1, "Ada")
    assert done.said[0].method == "passkey"
    assert await house.approvals.approve(caller=ada, message=message) == done
    assert await approvers(house, approval) == (ada.actor,)
    found = await house.approvals.verify_vote(caller=maker, message=ApprovalOf(approval=approval))
    assert found.is_good
    assert (found.votes[0].is_signed, found.votes[0].page) == (True, "http://localhost:8480")
    (told,) = await house.told("identity.approval.give")
    assert (told.on, told.by) == (approval, ada.actor)


async def test_whoever_asks_never_agrees_and_only_people_do(house: House, maker: Caller) -> None:
    approval = await ask(house, maker)
    passkey = await house.passkey(maker)
    with pytest.raises(MakerNeverApproves):
        await approve(house, maker, passkey, approval)
    for method in (house.approvals.approve, house.approvals.reject):
        message: Any = Approve(approval=approval)
        if method is house.approvals.reject:
            message = Reject(approval=approval)
        with pytest.raises(MakerNeverApproves):
            await method(caller=maker, message=message)
    for actor in ("key_x", "cli_x", "job:x", "operator"):
        machine = Caller(tenant_id=house.tenant_id, actor=actor, session=actor)
        with pytest.raises(OnlyPeople):
            await house.approvals.approve(caller=machine, message=Approve(approval=approval))
    # The database says so too.
    with pytest.raises(asyncpg.CheckViolationError, match="nobody_approves_their_own"):
        await house.rows(
            "INSERT INTO identity.approval_vote (tenant_id, approval_id, maker, person_id, verdict, at, method) "
            "VALUES ($1, $2, $3, $3, 'approved', $4, 'session')",
            house.tenant_id, approval, maker.actor, house.clock.at,
        )  # fmt: skip
    assert await approvers(house, approval) == ()


async def test_approvers_are_distinct_and_enough_are_enough(house: House, maker: Caller) -> None:
    approval = await ask(house, maker, needed=2)
    (ada, first), (bo, second), (cy, third) = [
        await approver(house, n) for n in ("Ada", "Bo", "Cy")
    ]
    assert (await approve(house, ada, first, approval)).status == "waiting"
    with pytest.raises(AlreadySaid):
        await approve(house, ada, first, approval)
    with pytest.raises(AlreadySaid):
        await house.approvals.reject(caller=ada, message=Reject(approval=approval))
    assert (await approve(house, bo, second, approval)).status == "agreed"
    with pytest.raises(ApprovalHasEnded, match="Enough"):
        await approve(house, cy, third, approval)
    # Who is suspended does not count, so another may.
    await house.rows(
        "UPDATE identity.person SET status = 'suspended' WHERE person_id = $1", ada.actor
    )
    assert await approvers(house, approval) == (bo.actor,)
    assert (await approve(house, cy, third, approval)).agreed == 2


async def test_one_approver_at_once_in_two_windows_agrees_once(house: House, maker: Caller) -> None:
    approval = await ask(house, maker, needed=2)
    ada, passkey = await approver(house)
    asked = [
        await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=approval))
        for _ in range(2)
    ]
    messages = [
        Approve(approval=approval, challenge=one.challenge, credential=passkey.get(one.options))
        for one in asked
    ]
    await asyncio.gather(
        *(house.approvals.approve(caller=ada, message=one) for one in messages),
        return_exceptions=True,
    )
    assert await approvers(house, approval) == (ada.actor,)


async def test_a_challenge_is_for_one_approval_one_person_and_one_purpose(
    house: House, maker: Caller
) -> None:
    one, other = await ask(house, maker), await ask(house, maker, amount="1")
    ada, passkey = await approver(house)
    bo, theirs = await approver(house, "Bo")
    asked = await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=one))
    answer = passkey.get(asked.options)
    with pytest.raises(ChallengeNotAccepted):
        await house.approvals.approve(
            caller=bo, message=Approve(approval=one, challenge=asked.challenge, credential=answer)
        )
    with pytest.raises(ChallengeNotAccepted):
        await house.approvals.approve(
            caller=ada,
            message=Approve(approval=other, challenge=asked.challenge, credential=answer),
        )
    step_up = await house.factors.challenge(caller=ada, message=ChallengeFactors())
    assert step_up.options is not None
    with pytest.raises(ChallengeNotAccepted):
        await house.approvals.approve(
            caller=ada,
            message=Approve(
                approval=one, challenge=step_up.challenge, credential=passkey.get(step_up.options)
            ),
        )
    # Signed for something else under a challenge that is right.
    asked = await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=one))
    elsewhere = await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=other))
    with pytest.raises(PasskeyNotAccepted):
        await house.approvals.approve(
            caller=ada,
            message=Approve(
                approval=one, challenge=asked.challenge, credential=passkey.get(elsewhere.options)
            ),
        )
    with pytest.raises(PasskeyNotAccepted):
        await approve(house, bo, _bent(theirs), one)
    assert await approvers(house, one) == ()


def _bent(passkey: Passkey) -> Passkey:
    passkey.more = {"crossOrigin": True}
    return passkey


async def test_money_needs_a_passkey_and_acts_on_people_a_fresh_code(
    house: House, maker: Caller
) -> None:
    money = await ask(house, maker)
    books = await ask(
        house, maker, action="wallets.wallet.freeze", amount=None, asset=None, payee=None,
        payment=None,
    )  # fmt: skip
    people = await ask(
        house, maker, action="identity.role.give", amount=None, asset=None, payee=None,
        payment=None, on="per_x",
    )  # fmt: skip
    ada = await house.person()
    await house.app(ada)
    for approval in (money, books):
        with pytest.raises(PasskeyNeeded):
            await house.approvals.approve(caller=ada, message=Approve(approval=approval))
        with pytest.raises(PasskeyNeeded):
            await house.approvals.challenge(caller=ada, message=ApprovalOf(approval=approval))
    house.clock.at += 5 * MINUTE
    with pytest.raises(StepUpNeeded):
        await house.approvals.approve(caller=ada, message=Approve(approval=people))
    again = await house.person("Bo")
    await house.app(again)
    done = await house.approvals.approve(caller=again, message=Approve(approval=people))
    assert (done.status, done.said[0].method, done.wants_passkey) == ("agreed", "session", False)
    found = await house.approvals.verify_vote(caller=again, message=ApprovalOf(approval=people))
    assert (found.is_good, found.votes[0].is_signed) == (True, False)

    # In development codes may be enough; what was not signed does not verify as if it were.
    house.approvals = house.approvals_with(codes_are_enough=True)
    done = await house.approvals.approve(caller=again, message=Approve(approval=money))
    assert done.status == "agreed"
    found = await house.approvals.verify_vote(caller=again, message=ApprovalOf(approval=money))
    assert not found.is_good


async def test_a_rejection_ends_it_and_the_maker_withdraws(house: House, maker: Caller) -> None:
    ada, passkey = await approver(house)
    approval = await ask(house, maker)
    for wrong in ("", "x" * 501, "two\nlines"):
        with pytest.raises(Malformed, match="reason"):
            await house.approvals.reject(
                caller=ada, message=Reject(approval=approval, reason=wrong)
            )
    message = Reject(approval=approval, reason="Not before the audit")
    done = await house.approvals.reject(caller=ada, message=message)
    assert (done.status, done.said[0].verdict) == ("rejected", "rejected")
    assert done.said[0].reason == "Not before the audit"
    with pytest.raises(ApprovalHasEnded):
        await house.approvals.withdraw(caller=maker, message=ApprovalOf(approval=approval))
    again = await ask(house, maker)
    assert again != approval
    with pytest.raises(OnlyTheMaker):
        await house.approvals.withdraw(caller=ada, message=ApprovalOf(approval=again))
    gone = await house.approvals.withdraw(caller=maker, message=ApprovalOf(approval=again))
    assert gone.status == "withdrawn"
    for method in (house.approvals.challenge, house.approvals.reject, house.approvals.withdraw):
        caller = maker if method is house.approvals.withdraw else ada
        message: Any = (
            Reject(approval=again)
            if method is house.approvals.reject
            else ApprovalOf(approval=again)
        )
        with pytest.raises(ApprovalHasEnded):
            await method(caller=caller, message=message)
    with pytest.raises(asyncpg.RestrictViolationError):
        await house.rows("UPDATE identity.approval SET ended_at = NULL, ending = NULL")
    assert passkey.sign_count == 0


async def test_lists_have_what_waits_and_what_is_mine(house: House, maker: Caller) -> None:
    made = []
    for number in range(5):
        house.clock.at += 1_000
        made.append(await ask(house, maker, amount=str(number + 1)))
    ada, passkey = await approver(house)

    async def listed(caller: Caller, **wanted: Any) -> list[str]:
        page = await house.approvals.approvals(caller=caller, message=ListApprovals(**wanted))
        return [one.approval for one in page.items]

    assert await listed(ada) == made
    assert await listed(maker) == []
    assert await listed(maker, which=Which.MINE) == made
    assert await listed(ada, which=Which.MINE) == []
    await approve(house, ada, passkey, made[0])
    assert await listed(ada) == made[1:]
    assert await listed(ada, which=Which.ALL) == made
    assert await listed(ada, action="ledger.account.open") == []
    page = await house.approvals.approvals(caller=ada, message=ListApprovals(limit=3))
    rest = await house.approvals.approvals(
        caller=ada, message=ListApprovals(limit=3, after=page.after)
    )
    assert [one.approval for one in page.items + rest.items] == made[1:]
    assert rest.after is None
    house.clock.at += store.LASTS
    assert await listed(ada) == []
    for bad in ({"limit": 0}, {"limit": 201}, {"action": "x" * 501}, {"after": "\0"}):
        with pytest.raises(Malformed):
            await listed(ada, **bad)
    read = await house.told("identity.approval.read")
    assert read[0].content == {"approvals": made}


async def test_whoever_asks_and_whom_it_is_about_are_told_by_their_names(
    house: House, maker: Caller
) -> None:
    ada = await house.person("Ada")
    approval = await ask(
        house, maker, action="identity.role.give", amount=None, asset=None, payee=None,
        payment=None, on=ada.actor,
    )  # fmt: skip
    bo = await house.person("Bo")
    page = await house.approvals.approvals(caller=bo, message=ListApprovals())
    assert page.items[0].names == {maker.actor: "Mo", ada.actor: "Ada"}
    shown = await house.approvals.approval(caller=bo, message=ShowApproval(approval=approval))
    assert shown.names == page.items[0].names


async def test_another_tenant_sees_nothing(house: House, maker: Caller) -> None:
    approval = await ask(house, maker)
    other = await House(house.database, house.operator, house.clock).open()
    theirs, _ = await approver(other)
    assert not (await other.approvals.approvals(caller=theirs, message=ListApprovals())).items
    with pytest.raises(ApprovalNotFound):
        await other.approvals.approval(caller=theirs, message=ShowApproval(approval=approval))
    stranger, mine = await house.person(), ShowApproval(approval=approval, mine=True)
    with pytest.raises(ApprovalNotFound):
        await house.approvals.approval(caller=stranger, message=mine)
    for method in (
        other.approvals.challenge, other.approvals.reject,
        other.approvals.withdraw, other.approvals.verify_vote,
    ):  # fmt: skip
        is_no = method is other.approvals.reject
        message: Any = Reject(approval=approval) if is_no else ApprovalOf(approval=approval)
        with pytest.raises(ApprovalNotFound):
            await method(caller=theirs, message=message)


CHANGES = [
    ("asked", "replace(asked, '\"125000\"', '\"999999\"')"),
    ("asked", "replace(asked, 'EUR', 'USD')"),
    ("asked", "replace(asked, 'NL91ABNA0417164300', 'NL02ABNA0123456789')"),
    ("asked", 'replace(asked, \'"payment":"invoice-7"\', \'"payment":"invoice-8"\')'),
    ("asked", "replace(asked, 'abab', 'cdcd')"),
    ("asked", "'not json'"),
    ("digest", "sha256('another act')"),
    ("action", "'payments.file.submit'"),
]


@pytest.mark.parametrize(("column", "value"), CHANGES)
async def test_whatever_the_owner_changes_voids_it(
    house: House, maker: Caller, migrated_url: str, column: str, value: str
) -> None:
    approval = await ask(house, maker)
    ada, passkey = await approver(house)
    await approve(house, ada, passkey, approval)
    await as_owner(
        migrated_url, house.tenant_id,
        f"UPDATE identity.approval SET {column} = {value} WHERE approval_id = '{approval}'",
    )  # fmt: skip
    assert await approvers(house, approval) == ()
    found = await house.approvals.verify_vote(caller=maker, message=ApprovalOf(approval=approval))
    assert (found.is_good, found.votes[0].is_signed) == (False, False)
    assert found.votes[0].flaw


VOTE_CHANGES = [
    "nonce = sha256('x')",
    "signature = substring(signature for 10)",
    "client_data = 'x'",
    "authenticator_data = substring(authenticator_data for 32) || '\\x01'::bytea || '\\x00000001'::bytea",
    "authenticator_data = ''",
    "public_key = (SELECT public_key FROM identity.factor WHERE label = 'key' AND person_id <> vote.person_id LIMIT 1)",
]


@pytest.mark.parametrize("change", VOTE_CHANGES)
async def test_whatever_the_owner_changes_of_a_vote_voids_it(
    house: House, maker: Caller, migrated_url: str, change: str
) -> None:
    approval = await ask(house, maker)
    ada, passkey = await approver(house)
    await approver(house, "Bo")
    await approve(house, ada, passkey, approval)
    update = f"UPDATE identity.approval_vote AS vote SET {change} WHERE approval_id = '{approval}'"
    with pytest.raises(asyncpg.RestrictViolationError):
        await as_owner(migrated_url, house.tenant_id, update)
    unlocked = (
        "ALTER TABLE identity.approval_vote DISABLE TRIGGER history_is_append_only; "
        f"{update}; ALTER TABLE identity.approval_vote ENABLE ALWAYS TRIGGER history_is_append_only"
    )
    await as_owner(migrated_url, house.tenant_id, unlocked)
    assert await approvers(house, approval) == ()
    found = await house.approvals.verify_vote(caller=maker, message=ApprovalOf(approval=approval))
    assert not found.is_good


async def test_a_vote_that_was_given_to_another_person_is_found(
    house: House, maker: Caller, migrated_url: str
) -> None:
    approval = await ask(house, maker)
    ada, passkey = await approver(house)
    bo, _ = await approver(house, "Bo")
    await approve(house, ada, passkey, approval)
    await as_owner(
        migrated_url, house.tenant_id,
        "ALTER TABLE identity.approval_vote DISABLE TRIGGER history_is_append_only; "
        f"UPDATE identity.approval_vote SET person_id = '{bo.actor}' WHERE approval_id = '{approval}'; "
        "ALTER TABLE identity.approval_vote ENABLE ALWAYS TRIGGER history_is_append_only",
    )  # fmt: skip
    found = await house.approvals.verify_vote(caller=maker, message=ApprovalOf(approval=approval))
    assert (found.is_good, found.votes[0].flaw) == (
        False, "the passkey was not enrolled by this person",
    )  # fmt: skip


async def test_a_vote_verifies_years_later_without_any_setting(house: House, maker: Caller) -> None:
    approval = await ask(house, maker)
    ada, passkey = await approver(house)
    await approve(house, ada, passkey, approval)
    house.clock.at += 7 * 365 * store.LASTS
    found = await house.approvals.verify_vote(caller=maker, message=ApprovalOf(approval=approval))
    assert found.is_good


@pytest.mark.parametrize(
    ("name", "index", "bound"),
    [
        ("waiting", "approval_open", "approval_id > $2"),
        ("mine", "approval_by_maker", "approval_id > $2"),
        # Two indexes begin alike.
        ("all", "approval_pkey approval_is_its_makers", "approval_id > $2"),
    ],
)
async def test_a_list_begins_at_its_cursor_in_its_own_index(
    migrated_url: str, name: str, index: str, bound: str
) -> None:
    database = Database(
        url=migrated_url, role="tallystick_identity", pool_size=1, settings=PLANNING
    )
    await database.start()
    try:
        async with database.transaction(tenant_id=1) as connection:
            scans = await scans_of(connection, queries("identity", "approvals")[name])
    finally:
        await database.stop()
    assert scans[0]["Index Name"] in index.split()
    assert bound in scans[0]["Index Cond"]
