"""The door itself: what governance promises to whoever knocks."""

from typing import Protocol

from tallystick.governance.api.answering import (
    Apply,
    EstateStanding,
    EstateStandings,
    EvidencePage,
    Glass,
    GlassPage,
    LentApply,
    LiveReport,
    ObligationPage,
    Plan,
    PlanDocument,
    PlanPage,
    SecretStep,
    State,
    StateWritten,
    VerdictPage,
    Waiver,
    WaiverPage,
)
from tallystick.governance.api.asking import (
    ApprovePlan,
    BeginApply,
    BreakGlass,
    EstateOf,
    ExtendApply,
    FinishApply,
    ForceUnlock,
    HandInState,
    ListEstates,
    ListEvidence,
    ListGlasses,
    ListObligations,
    ListPlans,
    ListWaivers,
    LockState,
    PlanOf,
    ReadState,
    RecordSecretStep,
    RestoreState,
    ReviewGlass,
    SubmitPlan,
    SubmitReport,
    UnlockState,
    VerdictsOf,
    Waive,
    WaiverOf,
    WriteState,
)
from tallystick.governance.api.facts import (
    facts_of_apply,
    facts_of_estate,
    facts_of_glass,
    facts_of_hand_in,
    facts_of_plan,
    facts_of_restore,
    facts_of_review,
    facts_of_secret,
    facts_of_waive,
    facts_of_waiver,
)
from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.tags import Tag, records, unrecorded

_SAYS_NOTHING_PRIVATE = "lists of codes, hashes and times have nothing private in them"


class Governance(Protocol):
    """The clouds of a tenant. Each method works within ``caller.tenant_id``; all may raise Malformed.

    An estate is an environment on a cloud. A plan is judged, approved, applied once; every step is on record.
    """

    @asks(Action.GOVERNANCE_PLAN_SUBMIT, about=facts_of_estate)
    @records(Tag.GOVERNANCE_PLAN_SUBMIT)
    async def submit_plan(self, *, caller: Caller, message: SubmitPlan) -> Plan:
        """Keep and judge a plan; the same within minutes is the same plan, any other supersedes those before it.

        Raises PlanNotReadable, PoliciesNotReadable.
        """
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ, about=facts_of_plan)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def plan(self, *, caller: Caller, message: PlanOf) -> Plan:
        """Show a plan, with what would keep it from being applied now. Raises PlanNotFound."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def plans(self, *, caller: Caller, message: ListPlans) -> PlanPage:
        """List plans."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ, about=facts_of_plan)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def verdicts(self, *, caller: Caller, message: VerdictsOf) -> VerdictPage:
        """List what the controls say of a plan. Raises PlanNotFound."""
        ...

    @asks(Action.GOVERNANCE_PLAN_READ, about=facts_of_plan)
    @records(Tag.GOVERNANCE_PLAN_READ)
    async def document(self, *, caller: Caller, message: PlanOf) -> PlanDocument:
        """Read a plan, as whoever approves it must, less its former state and secrets. Raises PlanNotFound."""
        ...

    @asks(Action.GOVERNANCE_PLAN_APPROVE, about=facts_of_plan)
    @records(Tag.GOVERNANCE_PLAN_APPROVE)
    async def approve(self, *, caller: Caller, message: ApprovePlan) -> Plan:
        """Agree to a plan. Raises PlanNotFound, PlanHashDiffers, PlanNotOpen, AuthorMayNotApprove."""
        ...

    @asks(Action.GOVERNANCE_PLAN_WITHDRAW, about=facts_of_plan)
    @records(Tag.GOVERNANCE_PLAN_WITHDRAW)
    async def withdraw(self, *, caller: Caller, message: PlanOf) -> Plan:
        """Take back one's word: the author the plan, anybody else their approval. Raises PlanNotFound, PlanNotOpen."""
        ...

    @asks(Action.GOVERNANCE_PLAN_APPLY, about=facts_of_plan)
    @records(Tag.GOVERNANCE_APPLY_BEGIN)
    async def begin_apply(self, *, caller: Caller, message: BeginApply) -> LentApply:
        """Lend all that applying a plan needs, when every rule lets it.

        Raises, in this order, PoliciesNotReadable, PlanNotFound, PlanNotOpen, GlassNotFound, GlassNotOpen,
        GlassNeedsReview, ApplyIsRunning; and what an open break-glass passes over: PlanNotApproved, NotAppliedBefore,
        HeadNotKnown, MainMoved, GateFailed, ObligationOverdue, WindowClosed. CredentialsNotAvailable ends it.
        """
        ...

    @asks(Action.GOVERNANCE_PLAN_APPLY, about=facts_of_apply)
    @records(Tag.GOVERNANCE_APPLY_EXTEND)
    async def extend_apply(self, *, caller: Caller, message: ExtendApply) -> Apply:
        """Let a lease last another 15 minutes from now, four hours in all at most, and not past its window.

        Raises PoliciesNotReadable, LeaseNotAccepted, WindowClosed.
        """
        ...

    @asks(Action.GOVERNANCE_PLAN_APPLY, about=facts_of_apply)
    @records(Tag.GOVERNANCE_APPLY_FINISH)
    async def finish_apply(self, *, caller: Caller, message: FinishApply) -> Apply:
        """End an apply; its lease, lock and credentials end with it.

        Raises LeaseNotAccepted, StateIsOld, StateNotWritten.
        """
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def estates(self, *, caller: Caller, message: ListEstates) -> EstateStandings:
        """Show how every estate stands."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ, about=facts_of_estate)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def estate(self, *, caller: Caller, message: EstateOf) -> EstateStanding:
        """Show how an estate stands; one that has nothing yet is empty."""
        ...

    @asks(Action.GOVERNANCE_STATE_READ, about=facts_of_estate)
    @records(Tag.GOVERNANCE_STATE_READ)
    async def read_state(self, *, caller: Caller, message: ReadState) -> State:
        """Read the state of an estate. Raises StateNotFound, LeaseNotAccepted."""
        ...

    @asks(Action.GOVERNANCE_STATE_WRITE, about=facts_of_estate)
    @records(Tag.GOVERNANCE_STATE_WRITE)
    async def write_state(self, *, caller: Caller, message: WriteState) -> StateWritten:
        """Keep the next state; it also extends the lease. The same bytes again change nothing.

        Raises StateNotReadable, LeaseNotAccepted, StateIsLocked, StateIsOfAnotherEstate, StateIsOld.
        """
        ...

    @asks(Action.GOVERNANCE_STATE_WRITE, about=facts_of_estate)
    @records(Tag.GOVERNANCE_STATE_LOCK)
    async def lock_state(self, *, caller: Caller, message: LockState) -> EstateStanding:
        """Lock the state until the lease ends. Raises LeaseNotAccepted, StateIsLocked."""
        ...

    @asks(Action.GOVERNANCE_STATE_WRITE, about=facts_of_estate)
    @records(Tag.GOVERNANCE_STATE_UNLOCK)
    async def unlock_state(self, *, caller: Caller, message: UnlockState) -> EstateStanding:
        """Take back a lock; one that is gone changes nothing. Raises LeaseNotAccepted, StateIsLocked."""
        ...

    @asks(Action.GOVERNANCE_STATE_FREE, about=facts_of_glass)
    @records(Tag.GOVERNANCE_STATE_FREE)
    async def force_unlock(self, *, caller: Caller, message: ForceUnlock) -> EstateStanding:
        """Free an estate from an apply whose lease has ended. Raises NothingToUnlock, ApplyIsRunning while it lasts."""
        ...

    @asks(Action.GOVERNANCE_STATE_RESTORE, about=facts_of_restore)
    @records(Tag.GOVERNANCE_STATE_RESTORE)
    async def restore_state(self, *, caller: Caller, message: RestoreState) -> StateWritten:
        """Let an earlier version of a state be the newest, with a higher serial; a second person has agreed to it.

        Raises ApplyIsRunning, StateNotFound, StateIsOld, StateNotReadable.
        """
        ...

    @asks(Action.GOVERNANCE_STATE_RESTORE, about=facts_of_hand_in)
    @records(Tag.GOVERNANCE_STATE_HAND)
    async def hand_in_state(self, *, caller: Caller, message: HandInState) -> StateWritten:
        """Keep the state that a lost or failed apply left behind; a second person has agreed to it.

        Raises StateNotReadable, StateIsOfAnotherEstate, ApplyIsRunning, ApplyNotLost, StateIsOld.
        """
        ...

    @asks(Action.GOVERNANCE_GLASS_BREAK, about=facts_of_glass)
    @records(Tag.GOVERNANCE_GLASS_BREAK)
    async def break_glass(self, *, caller: Caller, message: BreakGlass) -> Glass:
        """Open an estate for some minutes. It rings, and somebody else reviews it within a day.

        Raises GlassNeedsReview when one of the estate waits for that.
        """
        ...

    @asks(Action.GOVERNANCE_GLASS_REVIEW, about=facts_of_review)
    @records(Tag.GOVERNANCE_GLASS_REVIEW)
    async def review_glass(self, *, caller: Caller, message: ReviewGlass) -> Glass:
        """Review a break-glass, which closes it.

        Raises GlassNotFound, GlassIsReviewed, BreakerMayNotReview, ApplyIsRunning.
        """
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def glasses(self, *, caller: Caller, message: ListGlasses) -> GlassPage:
        """List break-glasses."""
        ...

    @asks(Action.GOVERNANCE_WAIVER_GIVE, about=facts_of_waive)
    @records(Tag.GOVERNANCE_WAIVER_GIVE)
    async def waive(self, *, caller: Caller, message: Waive) -> Waiver:
        """Waive failures of a control for one subject; a second person has agreed to it. Raises ControlNotKnown."""
        ...

    @asks(Action.GOVERNANCE_WAIVER_END, about=facts_of_waiver)
    @records(Tag.GOVERNANCE_WAIVER_END)
    async def end_waiver(self, *, caller: Caller, message: WaiverOf) -> Waiver:
        """End a waiver now; one that has ended changes nothing. Raises WaiverNotFound."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def waivers(self, *, caller: Caller, message: ListWaivers) -> WaiverPage:
        """List waivers."""
        ...

    @asks(Action.GOVERNANCE_REPORT_SUBMIT, about=facts_of_estate)
    @records(Tag.GOVERNANCE_REPORT_SUBMIT)
    async def submit_report(self, *, caller: Caller, message: SubmitReport) -> LiveReport:
        """Keep what was found live, and end the obligations that it answers. Raises PoliciesNotReadable."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def obligations(self, *, caller: Caller, message: ListObligations) -> ObligationPage:
        """List obligations."""
        ...

    @asks(Action.GOVERNANCE_SECRET_RECORD, about=facts_of_secret)
    @records(Tag.GOVERNANCE_SECRET_RECORD)
    async def record_secret_step(self, *, caller: Caller, message: RecordSecretStep) -> SecretStep:
        """Put a step of a secret's rotation on record. Raises PoliciesNotReadable."""
        ...

    @asks(Action.GOVERNANCE_CLOUD_READ)
    @unrecorded(_SAYS_NOTHING_PRIVATE)
    async def evidence(self, *, caller: Caller, message: ListEvidence) -> EvidencePage:
        """List what was done, each with where the record has it."""
        ...
