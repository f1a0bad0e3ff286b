"""Switches as rows that stay: who may be switched to, what is counted, and what the record is told."""

import pytest

from tallystick.identity.api import CreateTenant, ListKeys, TenantNotFound
from tallystick.identity.api.substitutions import (
    DIFFERENCES_MAX,
    OURS,
    ContractPromisesTooLittle,
    ListStandings,
    ListSubstitutes,
    MakeTrial,
    NothingTried,
    ReportCopies,
    ReportTrial,
    ShowDifferences,
    SubstituteNotProven,
    SwitchOver,
    TooManySubstitutes,
    UndoSubstitution,
    Unlike,
)
from tallystick.identity.service import substitutions as service
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.substitutions import SubstitutionsService
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import read
from tallystick.kernel.ids import is_of_trial, tenant_id_of
from tallystick.kernel.problems import Malformed
from tallystick.runtime.clock import SystemClock

PLATFORM = Caller(tenant_id=0, actor="job:substitutes")
LIVE = SwitchOver(context="wallets", substitute="node", mode="live")
SHADOW = SwitchOver(context="wallets", substitute="node", mode="shadow", share=10)
UNDO = UndoSubstitution(context="wallets")


@pytest.fixture
async def database(database_for):
    return await database_for("identity")


@pytest.fixture
def door(database, mint) -> SubstitutionsService:
    keys = IdentityService(database=database, mint=mint, clock=SystemClock())
    return SubstitutionsService(database=database, clock=SystemClock(), keys=keys)


@pytest.fixture
async def caller(database, mint) -> Caller:
    identity = IdentityService(database=database, mint=mint, clock=SystemClock())
    made = await identity.create_tenant(caller=PLATFORM, message=CreateTenant(name="Switched"))
    return Caller(tenant_id=tenant_id_of(made.tenant), actor="operator")


async def tried(door, name="node", version="B.1.0.0", *broken):
    message = ReportTrial(context="wallets", substitute=name, version=version, broken=broken)
    return await door.tried(caller=PLATFORM, message=message)


async def of_wallets(door, caller):
    found = await door.standing(caller=caller, message=ListStandings())
    assert [one.context for one in found.items] == ["ledger", "payments", "wallets"]
    return found.items[-1]


async def test_a_tenant_is_switched_over_and_back(door, caller) -> None:
    await tried(door)
    told: list[int] = []
    door.listeners.append(told.append)
    before = await of_wallets(door, caller)
    assert (before.mode, before.version, before.number) == ("default", OURS, 0)
    live = await door.substitute(caller=caller, message=LIVE)
    assert (live.mode, live.version, live.number, live.set_by) == ("live", "B.1.0.0", 1, "operator")
    assert (await door.substitute(caller=caller, message=LIVE)).replayed
    assert await of_wallets(door, caller) == live
    undone = await door.undo(caller=caller, message=UNDO)
    assert (undone.mode, undone.version, undone.number) == ("default", OURS, 2)
    assert (await door.undo(caller=caller, message=UNDO)).replayed
    assert told == [caller.tenant_id] * 4
    stranger = Caller(tenant_id=caller.tenant_id + 1, actor="operator")
    assert (await of_wallets(door, stranger)).mode == "default"


async def test_only_what_kept_its_contract_may_serve(door, caller) -> None:
    with pytest.raises(SubstituteNotProven, match="has been tried"):
        await door.substitute(
            caller=caller, message=SwitchOver(context="wallets", substitute="nobody", mode="live")
        )
    await tried(door, "weak", "C.1.0.0", "A promise. It was \x00\x1b[31mnot kept.")
    weak = SwitchOver(context="wallets", substitute="weak", mode="shadow")
    with pytest.raises(SubstituteNotProven) as refused:
        await door.substitute(caller=caller, message=weak)
    assert refused.value.fields["broken"] == "A promise. It was ??[31mnot kept."
    await tried(door, "weak", "C.1.0.1")
    shown = await door.substitute(caller=caller, message=weak)
    assert (shown.mode, shown.version, shown.tried, shown.share) == ("shadow", OURS, "C.1.0.1", 100)
    await tried(door, "weak", "C.1.0.1", "A promise. It is not kept any more.")
    found = await door.known(caller=PLATFORM, message=ListSubstitutes())
    last = [one for one in found.items if one.substitute == "weak"][-1]
    assert (last.version, last.proven) == ("C.1.0.1", False)


async def test_what_is_malformed_or_of_nobody_leaves_nothing(door, caller) -> None:
    await tried(door)
    for message in (
        SwitchOver(context="audit", substitute="node", mode="live"),
        SwitchOver(context="wallets", substitute="node", mode="default"),
        SwitchOver(context="wallets", substitute="node", mode="shadow", share=0),
        SwitchOver(context="wallets", substitute="node", mode="shadow", share=101),
        SwitchOver(context="wallets", substitute="a\x00b", mode="live"),
    ):
        with pytest.raises(Malformed):
            await door.substitute(caller=caller, message=message)
    for name, version in (("No", "B.1"), ("node", "1.0"), ("node", "B")):
        with pytest.raises(Malformed):
            await tried(door, name, version)
    with pytest.raises(Malformed):
        await door.undo(caller=caller, message=UndoSubstitution(context="audit"))
    assert (await of_wallets(door, caller)).number == 0
    nobody = Caller(tenant_id=caller.tenant_id + 1, actor="operator")
    with pytest.raises(TenantNotFound):
        await door.substitute(caller=nobody, message=LIVE)


async def test_copies_are_added_up_and_the_newest_differences_kept(door, caller) -> None:
    await tried(door)
    with pytest.raises(NothingTried):
        await door.differences(caller=caller, message=ShowDifferences(context="wallets"))
    number = (await door.substitute(caller=caller, message=SHADOW)).number

    async def report(first: int, *, of: int, at: int = number) -> None:
        differences = tuple(
            Unlike(at="2026-11-28T00:00:00Z", method="wallet", request=f"r{place}", ours="answered",
                   theirs="wallet_not_found")
            for place in range(first, first + of)
        )  # fmt: skip
        message = ReportCopies(
            context="wallets", number=at, compared=of + 1, different=of, lost=1, skipped=2,
            differences=differences,
        )  # fmt: skip
        await door.watched(caller=caller, message=message)

    await report(0, of=60)
    await report(60, of=60)
    await report(0, of=1, at=99)
    await door.undo(caller=caller, message=UNDO)
    found = await door.differences(caller=caller, message=ShowDifferences(context="wallets"))
    assert (found.number, found.substitute, found.version) == (number, "node", "B.1.0.0")
    assert (found.compared, found.different, found.lost, found.skipped) == (122, 120, 2, 4)
    assert [one.request for one in found.items] == [
        f"r{place}" for place in range(119, 119 - DIFFERENCES_MAX, -1)
    ]
    wrong = ReportCopies(context="wallets", number=number, compared=1, different=2)
    with pytest.raises(Malformed):
        await door.watched(caller=caller, message=wrong)


async def test_each_switch_is_an_entry_that_says_who_from_to_and_how_much(
    door, caller, database_for
) -> None:
    await tried(door)
    await door.substitute(caller=caller, message=SHADOW)
    await door.substitute(caller=caller, message=LIVE)
    await door.undo(caller=caller, message=UNDO)
    operator = await database_for("operator")
    async with operator.transaction(tenant_id=caller.tenant_id, read_only=True) as connection:
        rows = await connection.fetch(
            "SELECT entries FROM identity.leaf WHERE tenant_id = $1 ORDER BY number",
            caller.tenant_id,
        )
    entries = [read(row["entries"][2:]) for row in rows][-3:]
    assert {(one.tag, one.by, one.on) for one in entries} == {
        ("identity.substitution.set", "operator", "identity:substitution:wallets")
    }
    assert [one.content for one in entries] == [
        {
            "from": OURS,
            "mode": "shadow",
            "number": 1,
            "share": 10,
            "substitute": "node",
            "to": "B.1.0.0",
        },
        {
            "from": OURS,
            "mode": "live",
            "number": 2,
            "share": None,
            "substitute": "node",
            "to": "B.1.0.0",
        },
        {
            "from": "B.1.0.0",
            "mode": "default",
            "number": 3,
            "share": None,
            "substitute": None,
            "to": OURS,
        },
    ]


async def test_substitutes_have_an_end(door, monkeypatch) -> None:
    await tried(door)
    known = await door.known(caller=PLATFORM, message=ListSubstitutes())
    monkeypatch.setattr(service, "SUBSTITUTES_MAX", len(known.items))
    with pytest.raises(TooManySubstitutes):
        await tried(door, "another", "Z.1")
    await tried(door)


@pytest.mark.parametrize("context", ["ledger", "payments"])
@pytest.mark.parametrize("mode", ["live", "shadow"])
async def test_nobody_stands_in_for_a_context_whose_contract_is_thin(
    door, caller, context, mode
) -> None:
    report = ReportTrial(context=context, substitute="node", version="B.1.0.0")
    await door.tried(caller=PLATFORM, message=report)
    with pytest.raises(ContractPromisesTooLittle, match="Only wallets may be substituted"):
        await door.substitute(
            caller=caller, message=SwitchOver(context=context, substitute="node", mode=mode)
        )
    found = await door.standing(caller=caller, message=ListStandings())
    assert {one.mode for one in found.items} == {"default"}


async def test_a_trial_has_two_tenants_of_its_own_with_keys_that_end(door, database, mint) -> None:
    made = await door.trial(
        caller=PLATFORM, message=MakeTrial(context="wallets", label="node B.1.0.0")
    )
    numbers = [tenant_id_of(one.tenant) for one in made.callers]
    assert len(set(numbers)) == 2
    assert all(map(is_of_trial, numbers))
    identity = IdentityService(database=database, mint=mint, clock=SystemClock())
    for number, one in zip(numbers, made.callers, strict=True):
        asking = Caller(tenant_id=number, actor="operator")
        [key] = (await identity.keys(caller=asking, message=ListKeys())).items
        assert (key.key_id, key.label, key.expires_at) == (one.key_id, "trial", made.ends_at)
    with pytest.raises(Malformed):
        await door.trial(caller=PLATFORM, message=MakeTrial(context="audit", label="x"))
