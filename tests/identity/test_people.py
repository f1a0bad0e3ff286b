"""People as they are told: one sentence each, read in a few questions for all, and what a delegation would change."""

from typing import Any

import msgspec
import pytest

from tallystick.identity.api.access import Explain, HolderNotFound, NotAllowed
from tallystick.identity.api.people import (
    AddPerson,
    ListPeople,
    PersonExistsDifferent,
    PersonOf,
    PreviewDelegation,
    SetPersonStatus,
)
from tallystick.identity.api.rights import DelegationNotFound, MakeRole, RoleOf
from tallystick.kernel.instants import SECOND
from tallystick.kernel.problems import Malformed
from tests.identity.bank import Bank, HandClock


@pytest.fixture
async def bank(database_for) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


async def told(bank: Bank, owner: Any, person: str) -> str:
    found = await bank.doors.people.person(caller=owner, message=PersonOf(person=person))
    return found.sentence


async def test_a_list_reads_what_all_hold_in_as_many_questions_as_for_one(bank, monkeypatch):
    owner = await bank.person("Olga", "owner")
    for number in range(12):
        clerk = await bank.person(f"Clerk {number}", "payment_clerk")
        await bank.delegate(clerk, cap_each=100 + number)
    asked: list[str] = []
    begin = bank.database.transaction

    def counting(**how: Any) -> Any:
        asked.append("transaction")
        return begin(**how)

    monkeypatch.setattr(bank.database, "transaction", counting)
    for limit in (1, 13):
        asked.clear()
        page = await bank.doors.people.people(caller=owner, message=ListPeople(limit=limit))
        assert len(page.items) == limit
        # The decision, the rows, what they hold, and the entry of the record.
        assert len(asked) <= 5
    first = next(one for one in page.items if one.name == "Clerk 0")
    assert first.roles == ("payment_clerk",)
    assert first.sentence == (
        "Clerk 0: Payment clerk, who pays as far as a delegation goes; may move and hold money in the "
        'books on "customers:...", up to 1.00 EUR at once.'
    )


async def test_many_delegations_are_counted_and_the_first_are_said(bank):
    owner, clerk = await bank.person("Olga", "owner"), await bank.person("Carl", "payment_clerk")
    for number in range(7):
        await bank.delegate(clerk, cap_each=100 * (number + 1))
    said = await told(bank, owner, clerk.actor)
    assert said.endswith("; and has 2 more delegations.")
    assert said.count("EUR at once") == 5


async def test_what_has_not_begun_or_is_over_is_not_said(bank):
    owner, clerk = await bank.person("Olga", "owner"), await bank.person("Carl", "payment_clerk")
    await bank.delegate(clerk, from_at="2027-01-01T00:00:00Z", cap_each=100)
    await bank.delegate(clerk, until_at="2026-11-27T10:30:01Z", cap_each=200)
    assert "up to 2.00 EUR" in await told(bank, owner, clerk.actor)
    bank.clock.at += 2 * SECOND
    assert (
        await told(bank, owner, clerk.actor)
        == "Carl: Payment clerk, who pays as far as a delegation goes."
    )


async def test_a_role_of_the_tenant_is_said_by_its_title_until_it_ends(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    made = MakeRole(role="night_desk", title="Night desk", bundles=("read_books",))
    await bank.doors.rights.make_role(caller=owner, message=made)
    nell = await bank.person("Nell", "night_desk")
    assert await told(bank, owner, nell.actor) == "Nell: Night desk."
    await bank.doors.rights.end_role(caller=owner, message=RoleOf(role="night_desk"))
    assert await told(bank, owner, nell.actor) == "Nell: holds no role."


async def test_who_is_not_active_may_do_nothing(bank):
    owner, tom = await bank.person("Olga", "owner"), await bank.person("Tom", "treasurer")
    await bank.step_up(owner)
    for status, said in (("suspended", "Tom is suspended"), ("left", "Tom has left")):
        message = SetPersonStatus(person=tom.actor, status=status)
        found = await bank.doors.people.set_status(caller=owner, message=message)
        assert found.sentence == f"{said}, and may do nothing."


async def test_a_preview_says_what_would_change_and_writes_nothing(bank):
    owner, clerk = await bank.person("Olga", "owner"), await bank.person("Carl", "payment_clerk")
    kept = await bank.delegate(clerk, cap_each=50_00)
    wanted = PreviewDelegation(
        holder=clerk.actor, actions=("transfer",), accounts=("customers:...",), asset="EUR",
        cap_each=12_345_00, instead_of=kept,
    )  # fmt: skip
    preview = bank.doors.people.preview
    seen = await preview(caller=owner, message=wanted)
    assert seen.name == "Carl"
    assert seen.sentence.startswith("Carl may ")
    assert seen.sentence.endswith("up to 12,345.00 EUR at once.")
    assert "50.00 EUR" in seen.before
    assert "12,345.00 EUR" not in seen.before
    assert "12,345.00 EUR" in seen.after
    assert " 50.00 EUR" not in seen.after
    assert seen.lacks == ""
    beside = await preview(caller=owner, message=msgspec.structs.replace(wanted, instead_of=None))
    assert " 50.00 EUR" in beside.after
    assert "50.00 EUR" in await told(bank, owner, clerk.actor)
    assert len(await bank.rows("SELECT 1 FROM identity.delegation")) == 1
    with pytest.raises(Malformed):
        await preview(caller=owner, message=msgspec.structs.replace(wanted, cap_each=-1))
    with pytest.raises(DelegationNotFound):
        await preview(caller=owner, message=msgspec.structs.replace(wanted, instead_of="dlg_none"))
    with pytest.raises(HolderNotFound):
        await preview(caller=owner, message=msgspec.structs.replace(wanted, holder="per_none"))
    with pytest.raises(NotAllowed):
        await preview(caller=clerk, message=wanted)


async def test_a_preview_says_what_is_lacking_to_use_it(bank):
    owner, nell = await bank.person("Olga", "owner"), await bank.person("Nell", "bookkeeper")
    wanted = PreviewDelegation(
        holder=nell.actor, actions=("pay",), accounts=("...",), asset="EUR", cap_each=100
    )
    seen = await bank.doors.people.preview(caller=owner, message=wanted)
    assert "holds no role that lets them use it" in seen.lacks
    watched = msgspec.structs.replace(wanted, actions=("see",))
    assert (await bank.doors.people.preview(caller=owner, message=watched)).lacks == ""


async def test_the_same_id_is_the_same_person(bank):
    person = bank.mint.id("per")
    message = AddPerson(name="Ada", person=person)
    for _ in range(2):
        made = await bank.doors.people.add(caller=bank.operator, message=message)
        assert (made.person, made.name) == (person, "Ada")
    assert len(await bank.rows("SELECT 1 FROM identity.person")) == 1
    with pytest.raises(PersonExistsDifferent):
        await bank.doors.people.add(
            caller=bank.operator, message=msgspec.structs.replace(message, name="Bob")
        )
    for wrong in ("per_1", "key_" + person[4:], person.upper()):
        with pytest.raises(Malformed):
            await bank.doors.people.add(
                caller=bank.operator, message=AddPerson(name="Ada", person=wrong)
            )


async def test_a_decision_says_its_policies_in_words(bank):
    owner, clerk = await bank.person("Olga", "owner"), await bank.person("Carl", "payment_clerk")
    ask = Explain(holder=clerk.actor, action="ledger.ledger.read")
    no = await bank.doors.asking.explain(caller=owner, message=ask)
    assert (no.allowed, no.because) == (False, ())
    ask = Explain(holder=owner.actor, action="ledger.ledger.read")
    yes = await bank.doors.asking.explain(caller=owner, message=ask)
    assert yes.because == ('a role of theirs lets them "read the books"',)
