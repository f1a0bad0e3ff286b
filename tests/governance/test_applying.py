"""An apply begins when every rule lets it, one at a time, under a lease; whatever is refused leaves nothing behind."""

import asyncio
import subprocess
from hashlib import sha256
from typing import Any

import pytest

from tallystick.governance.adapters.repository import Repository as GitRepository
from tallystick.governance.api import (
    ApplyEnd,
    ApplyIsRunning,
    ApplyStatus,
    BeginApply,
    CredentialsNotAvailable,
    ExtendApply,
    FinishApply,
    GateFailed,
    HeadNotKnown,
    LeaseNotAccepted,
    LentApply,
    MainMoved,
    NotAppliedBefore,
    PlanHashDiffers,
    PlanNotApproved,
    PlanNotFound,
    PlanNotOpen,
    PlanStatus,
    StateNotWritten,
)
from tallystick.governance.model.lending import CredentialsAway, Lent
from tallystick.governance.service.ground import Ground
from tallystick.kernel.callers import Caller
from tests.governance.clouds import FIRST, HOUR, MINUTE, SECOND_COMMIT, House

DEVELOPMENT, STAGING, PRODUCTION = "development-aws", "staging-aws", "production-aws"


async def test_a_commit_walks_from_development_to_production(house):
    plan = await house.promoted("production")
    assert (await house.plan(plan)).refusals == ("plan_not_approved",)
    await house.approve(plan)
    assert (await house.plan(plan)).refusals == ()
    lent = await house.begin(plan)
    assert lent.planfile == b"planfile"
    assert lent.planfile_digest == sha256(lent.planfile).hexdigest() == plan.planfile_digest
    assert lent.hash == plan.hash
    await house.write(lent, 1)
    done = await house.finish(lent, serial=1)
    assert (done.status, done.serial) == (ApplyStatus.APPLIED, 1)
    shown = await house.plan(plan)
    assert shown.status is PlanStatus.APPLIED
    assert shown.apply == done


async def test_development_needs_nobody_else(house):
    lent = await house.begin(await house.submit(DEVELOPMENT))
    await house.finish(lent)


async def test_nothing_goes_straight_to_production(house):
    plan = await house.submit(PRODUCTION)
    await house.approve(plan)
    refused = await house.left(lambda: house.begin(plan), NotAppliedBefore)
    assert refused.fields == {"estate": STAGING}


async def test_another_commit_in_staging_opens_nothing(house):
    await house.apply(DEVELOPMENT, commit=SECOND_COMMIT)
    await house.apply(STAGING, commit=SECOND_COMMIT)
    plan = await house.submit(PRODUCTION)
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), NotAppliedBefore)


async def test_a_failed_apply_in_staging_opens_nothing(house):
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING)
    await house.approve(plan)
    await house.finish(await house.begin(plan), end=ApplyEnd.FAILED)
    plan = await house.submit(PRODUCTION)
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), NotAppliedBefore)


async def test_the_other_clouds_development_opens_nothing(house):
    await house.apply(DEVELOPMENT)
    assert (await house.plan(await house.submit("staging-aws"))).refusals == ("plan_not_approved",)
    other = await house.submit("staging-azure")
    assert (await house.plan(other)).refusals[:2] == ("plan_not_approved", "not_applied_before")


async def test_without_an_approval_nothing_begins(house):
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING)
    await house.left(lambda: house.begin(plan), PlanNotApproved)


async def test_a_plan_that_changed_after_its_approval_is_another_plan(house):
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING, good=True)
    await house.approve(plan)
    changed = await house.submit(STAGING, good=True, sly=True)
    await house.left(lambda: house.begin(plan), PlanNotOpen)
    await house.left(lambda: house.begin(changed), PlanNotApproved)
    await house.left(lambda: house.approve(changed, hash=plan.hash), PlanHashDiffers)


async def test_the_same_plan_with_another_planfile_voids_the_approval_too(house):
    await house.apply(DEVELOPMENT)
    plan = await house.submit(STAGING)
    await house.approve(plan)
    swapped = await house.submit(STAGING, planfile=b"another file")
    assert swapped.plan != plan.plan
    await house.left(lambda: house.begin(swapped), PlanNotApproved)


async def test_main_moved_is_refused(house):
    plan = await house.promoted("production")
    await house.approve(plan)
    house.repository.at = SECOND_COMMIT
    refused = await house.left(lambda: house.begin(plan), MainMoved)
    assert refused.fields == {"head": SECOND_COMMIT}


async def test_production_takes_the_head_and_no_other_commit(house):
    house.repository.at = SECOND_COMMIT
    plan = await house.promoted("production", commit=FIRST, base=SECOND_COMMIT)
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), MainMoved)


async def test_a_repository_that_is_silent_is_no_consent(house):
    plan = await house.promoted("production")
    await house.approve(plan)
    house.repository.at = None
    await house.left(lambda: house.begin(plan), HeadNotKnown)


async def test_production_wants_a_repository(database_for, caller):
    house = House(database=await database_for("governance"), caller=caller, head=None)
    plan = await house.promoted("production")
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), HeadNotKnown)


async def test_the_head_is_read_from_a_real_repository(tmp_path):
    def git(*words: str) -> str:
        fixed = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *fixed, *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "--message=first")
    repository = GitRepository(place=str(tmp_path), branch="main")
    assert await repository.head() == git("rev-parse", "HEAD")
    git("commit", "--quiet", "--allow-empty", "--message=second")
    assert await repository.head() == git("rev-parse", "HEAD")
    assert await GitRepository(place=str(tmp_path), branch="none").head() is None
    assert await GitRepository(place=str(tmp_path / "nowhere"), branch="main").head() is None
    sly = GitRepository(place=f"ext::sh -c 'touch {tmp_path}/owned'", branch="main")
    assert await sly.head() is None
    assert not (tmp_path / "owned").exists()


async def test_a_failing_control_stops_staging_and_not_development(house):
    await house.apply(DEVELOPMENT, bad=False)
    plan = await house.submit(STAGING, bad=False)
    await house.approve(plan)
    refused = await house.left(lambda: house.begin(plan), GateFailed)
    assert refused.fields == {"nothing-fails": "1"}


async def test_a_plan_of_yesterday_is_made_again(house):
    plan = await house.submit(DEVELOPMENT)
    house.time.at += 24 * HOUR
    await house.left(lambda: house.begin(plan), GateFailed)


async def test_of_many_who_begin_at_once_one_does(house):
    plan = await house.submit(DEVELOPMENT)
    came = await asyncio.gather(*(house.begin(plan) for _ in range(4)), return_exceptions=True)
    lent = [one for one in came if isinstance(one, LentApply)]
    assert len(lent) == 1
    assert {type(one) for one in came} == {LentApply, PlanNotOpen}
    assert (await house.tags()).count("apply.begin") == 1


async def test_of_two_plans_of_an_estate_one_is_applied_at_a_time(house):
    lent = await house.begin(await house.submit(DEVELOPMENT, one=True))
    second = await house.submit(DEVELOPMENT, two=True)
    refused = await house.left(lambda: house.begin(second), ApplyIsRunning)
    assert refused.fields["apply"] == lent.apply.apply
    await house.finish(lent)
    await house.finish(await house.begin(second))


async def test_a_lease_ends_by_itself_and_the_next_apply_takes_over(house):
    lent = await house.begin(await house.submit(DEVELOPMENT, one=True))
    second = await house.submit(DEVELOPMENT, two=True)
    house.time.at += 16 * MINUTE
    await house.left(lambda: house.write(lent, 1), LeaseNotAccepted)
    await house.left(lambda: house.finish(lent), LeaseNotAccepted)
    await house.finish(await house.begin(second))
    assert "apply.lose" in await house.tags()


async def test_a_lease_is_extended_for_four_hours_at_most(house):
    lent = await house.begin(await house.submit(DEVELOPMENT))
    message = ExtendApply(apply=lent.apply.apply, token=lent.token)
    for _ in range(24):
        house.time.at += 10 * MINUTE
        last = await house.door.extend_apply(caller=house.author, message=message)
    house.time.at += 1
    with pytest.raises(LeaseNotAccepted):
        await house.door.extend_apply(caller=house.author, message=message)
    assert last.until == "2026-12-01T14:00:00.000000Z"


async def test_a_token_of_another_apply_opens_nothing(house):
    lent = await house.begin(await house.submit(DEVELOPMENT))
    for token in ("", "0" * 64, lent.token[:-1]):
        message = ExtendApply(apply=lent.apply.apply, token=token)
        await house.left(
            lambda message=message: house.door.extend_apply(caller=house.author, message=message),
            LeaseNotAccepted,
        )


async def test_tokens_and_credentials_are_kept_nowhere(database_for, caller):
    home = Home()
    house = House(database=await database_for("governance"), caller=caller, credentials=home)
    lent = await house.begin(await house.submit(DEVELOPMENT))
    assert lent.credentials == {"CLOUD_TOKEN": "s3cret-word"}
    rows = str(await house._rows())
    assert lent.token not in rows
    assert "s3cret-word" not in rows
    assert [*home.lent.values()] == [("aws", "development", "apply", lent.apply.apply)]
    await house.finish(lent)
    assert home.lent == {}


async def test_credentials_that_are_away_end_what_had_begun_and_the_approval_stands(
    database_for, caller
):
    home = Home()
    house = House(database=await database_for("governance"), caller=caller, credentials=home)
    plan = await house.submit(DEVELOPMENT)
    await house.approve(plan)
    home.is_away = True
    with pytest.raises(CredentialsNotAvailable):
        await house.begin(plan)
    assert (await house.plan(plan)).status is PlanStatus.SUBMITTED
    home.is_away = False
    await house.finish(await house.begin(plan))


async def test_only_whoever_runs_the_platform_is_lent_credentials(database_for, caller):
    home = Home()
    house = House(
        database=await database_for("governance"), caller=caller, credentials=home,
        lends_to=lambda tenant_id: tenant_id != caller.tenant_id,
    )  # fmt: skip
    lent = await house.begin(await house.submit(DEVELOPMENT))
    assert (lent.credentials, home.lent) == ({}, {})


async def test_nobody_is_lent_credentials_unless_somebody_is_named(database_for, caller):
    ground = Ground(database=None, clock=None, mint=None, pen=None, policies=None)  # type: ignore[arg-type]
    assert not ground.lends_to(caller.tenant_id)


async def test_a_tenant_that_is_lent_nothing_takes_nothing_back(database_for, caller, mint):
    home, database = Home(), await database_for("governance")
    words = {"credentials": home, "lends_to": lambda tenant_id: tenant_id == caller.tenant_id}
    ours = House(database=database, caller=caller, **words)
    await ours.begin(await ours.submit(DEVELOPMENT))
    other = House(database=database, caller=Caller(tenant_id=mint.tenant_id(), actor="x"), **words)
    await other.finish(await other.begin(await other.submit(DEVELOPMENT)))
    assert len(home.lent) == 1


async def test_what_is_taken_back_late_is_not_what_the_next_apply_was_lent(database_for, caller):
    home = Home()
    house = House(
        database=await database_for("governance", pool_size=4), caller=caller, credentials=home
    )
    first = await house.begin(await house.submit(DEVELOPMENT))
    home.held = held = asyncio.Event()
    ending = asyncio.create_task(house.finish(first, end=ApplyEnd.FAILED))
    await home.entered.wait()
    second = await house.begin(await house.submit(DEVELOPMENT, other=True))
    held.set()
    await ending
    assert [lease for *_, lease in home.lent.values()] == [second.apply.apply]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"lease": None, "seconds": 0}, "an engine that leases"),
        ({"seconds": 0}, "an engine that leases"),
        ({"seconds": 3_600}, "end after 3600 s, maybe in mid-apply"),
    ],
    ids=["kept", "without end", "short"],
)
async def test_production_is_lent_only_what_ends_by_itself_and_lasts(
    database_for, caller, words, why
):
    home = Home()
    house = House(database=await database_for("governance"), caller=caller, credentials=home)
    plan = await house.promoted("production")
    await house.approve(plan)
    home.words = words
    with pytest.raises(CredentialsNotAvailable, match=why):
        await house.begin(plan)
    assert len(home.lent) == (0 if words.get("lease", "") is not None else 1)
    assert (await house.plan(plan)).status is PlanStatus.SUBMITTED
    home.words = {}
    await house.begin(plan)


async def test_elsewhere_what_is_only_kept_may_be_lent(database_for, caller):
    home = Home(lease=None, seconds=0)
    house = House(database=await database_for("governance"), caller=caller, credentials=home)
    lent = await house.begin(await house.submit(DEVELOPMENT))
    assert lent.credentials == {"CLOUD_TOKEN": "s3cret-word"}
    await house.finish(lent)


async def test_a_plan_that_changes_something_is_not_applied_without_a_state(house):
    lent = await house.begin(await house.submit(DEVELOPMENT))
    message = FinishApply(apply=lent.apply.apply, token=lent.token, end=ApplyEnd.APPLIED)
    await house.left(
        lambda: house.door.finish_apply(caller=house.author, message=message), StateNotWritten
    )
    await house.finish(lent)


async def test_the_state_of_an_earlier_apply_is_none_of_this_one(house):
    await house.apply(DEVELOPMENT)
    lent = await house.begin(await house.submit(DEVELOPMENT, two=True))
    await house.left(lambda: house.finish(lent, serial=1), StateNotWritten)


async def test_a_plan_that_changes_nothing_leaves_no_state(house):
    lent = await house.begin(await house.submit(DEVELOPMENT, action="no-op"))
    message = FinishApply(apply=lent.apply.apply, token=lent.token, end=ApplyEnd.APPLIED)
    done = await house.door.finish_apply(caller=house.author, message=message)
    assert (done.status, done.serial) == (ApplyStatus.APPLIED, None)


async def test_what_a_broken_glass_let_pass_in_staging_opens_nothing(house):
    glass = await house.broken(STAGING)
    plan = await house.submit(STAGING, bad=False)
    lent = await house.begin(plan, glass=glass, caller=house.operator)
    await house.finish(lent)
    plan = await house.submit(PRODUCTION)
    await house.approve(plan)
    await house.left(lambda: house.begin(plan), NotAppliedBefore)


async def test_a_plan_that_is_not_there_begins_nothing(house):
    message = BeginApply(plan="pln_none")
    with pytest.raises(PlanNotFound):
        await house.door.begin_apply(caller=house.author, message=message)


class Home:
    """A home of credentials that remembers what it lent, by its leases."""

    def __init__(self, **words: Any) -> None:
        self.lent: dict[str, tuple[str, str, str, str]] = {}
        self.is_away = False
        self.words = words
        self.held: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def lend(
        self, *, cloud: str, environment: str, purpose: str, lease: str, seconds: int
    ) -> Lent:
        if self.is_away:
            raise CredentialsAway("no answer")
        assert seconds > 0
        mine = f"{cloud}/{len(self.lent)}/{lease}"
        self.lent[mine] = (cloud, environment, purpose, lease)
        told = {"lease": mine, "seconds": 14_400} | self.words
        return Lent(variables={"CLOUD_TOKEN": "s3cret-word"}, **told)

    async def take_back(self, *, lease: str) -> None:
        if self.held is not None:
            held, self.held = self.held, None
            self.entered.set()
            await held.wait()
        del self.lent[lease]
