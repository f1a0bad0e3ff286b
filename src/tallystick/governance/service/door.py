"""The door of governance: each verb is handed to the part that keeps its rules."""

from tallystick.governance.api import (
    Apply,
    ApprovePlan,
    BeginApply,
    BreakGlass,
    EstateOf,
    EstateStanding,
    EstateStandings,
    EvidencePage,
    ExtendApply,
    FinishApply,
    ForceUnlock,
    Glass,
    GlassPage,
    HandInState,
    LentApply,
    ListEstates,
    ListEvidence,
    ListGlasses,
    ListObligations,
    ListPlans,
    ListWaivers,
    LiveReport,
    LockState,
    ObligationPage,
    Plan,
    PlanDocument,
    PlanOf,
    PlanPage,
    ReadState,
    RecordSecretStep,
    RestoreState,
    ReviewGlass,
    SecretStep,
    State,
    StateWritten,
    SubmitPlan,
    SubmitReport,
    UnlockState,
    VerdictPage,
    VerdictsOf,
    Waive,
    Waiver,
    WaiverOf,
    WaiverPage,
    WriteState,
)
from tallystick.governance.service.applying import Applying
from tallystick.governance.service.glasses import Glasses
from tallystick.governance.service.ground import Ground
from tallystick.governance.service.planning import Planning
from tallystick.governance.service.reporting import Reporting
from tallystick.governance.service.restoring import Restoring
from tallystick.governance.service.states import States
from tallystick.kernel.callers import Caller


class GovernanceService:
    """Governance over the database of role ``tallystick_governance`` and the strangers of its ground."""

    def __init__(self, ground: Ground) -> None:
        self._planning = Planning(ground)
        self._applying = Applying(ground)
        self._states = States(ground, self._applying)
        self._restoring = Restoring(ground)
        self._glasses = Glasses(ground)
        self._reporting = Reporting(ground, self._applying)

    async def submit_plan(self, *, caller: Caller, message: SubmitPlan) -> Plan:
        """Keep and judge a plan."""
        return await self._planning.submit(caller, message)

    async def plan(self, *, caller: Caller, message: PlanOf) -> Plan:
        """Show a plan, with what would keep it from being applied now."""
        return await self._planning.plan(caller, message)

    async def plans(self, *, caller: Caller, message: ListPlans) -> PlanPage:
        """List plans."""
        return await self._planning.plans(caller, message)

    async def verdicts(self, *, caller: Caller, message: VerdictsOf) -> VerdictPage:
        """List what the controls say of a plan."""
        return await self._planning.verdicts(caller, message)

    async def document(self, *, caller: Caller, message: PlanOf) -> PlanDocument:
        """Read a plan whole, as whoever approves it must."""
        return await self._planning.document(caller, message)

    async def approve(self, *, caller: Caller, message: ApprovePlan) -> Plan:
        """Agree to a plan."""
        return await self._planning.approve(caller, message)

    async def withdraw(self, *, caller: Caller, message: PlanOf) -> Plan:
        """Take back one's word: the author the plan, anybody else their approval."""
        return await self._planning.withdraw(caller, message)

    async def begin_apply(self, *, caller: Caller, message: BeginApply) -> LentApply:
        """Lend all that applying a plan needs, when every rule lets it."""
        return await self._applying.begin(caller, message)

    async def extend_apply(self, *, caller: Caller, message: ExtendApply) -> Apply:
        """Let a lease last another 15 minutes from now, four hours in all at most."""
        return await self._applying.extend(caller, message)

    async def finish_apply(self, *, caller: Caller, message: FinishApply) -> Apply:
        """End an apply."""
        return await self._applying.finish(caller, message)

    async def estates(self, *, caller: Caller, message: ListEstates) -> EstateStandings:
        """Show how every estate stands."""
        return await self._states.estates(caller)

    async def estate(self, *, caller: Caller, message: EstateOf) -> EstateStanding:
        """Show how an estate stands."""
        return await self._states.estate(caller, message)

    async def read_state(self, *, caller: Caller, message: ReadState) -> State:
        """Read the state of an estate."""
        return await self._states.read(caller, message)

    async def write_state(self, *, caller: Caller, message: WriteState) -> StateWritten:
        """Keep the next state."""
        return await self._states.write(caller, message)

    async def lock_state(self, *, caller: Caller, message: LockState) -> EstateStanding:
        """Lock the state until the lease ends."""
        return await self._states.lock(caller, message)

    async def unlock_state(self, *, caller: Caller, message: UnlockState) -> EstateStanding:
        """Take back a lock."""
        return await self._states.unlock(caller, message)

    async def force_unlock(self, *, caller: Caller, message: ForceUnlock) -> EstateStanding:
        """Free an estate from an apply whose lease has ended."""
        return await self._states.force(caller, message)

    async def restore_state(self, *, caller: Caller, message: RestoreState) -> StateWritten:
        """Let an earlier version of a state be the newest."""
        return await self._restoring.restore(caller, message)

    async def hand_in_state(self, *, caller: Caller, message: HandInState) -> StateWritten:
        """Keep the state that a lost or failed apply left behind."""
        return await self._restoring.hand_in(caller, message)

    async def break_glass(self, *, caller: Caller, message: BreakGlass) -> Glass:
        """Open an estate for some minutes."""
        return await self._glasses.break_glass(caller, message)

    async def review_glass(self, *, caller: Caller, message: ReviewGlass) -> Glass:
        """Review a break-glass."""
        return await self._glasses.review(caller, message)

    async def glasses(self, *, caller: Caller, message: ListGlasses) -> GlassPage:
        """List break-glasses."""
        return await self._glasses.glasses(caller, message)

    async def waive(self, *, caller: Caller, message: Waive) -> Waiver:
        """Waive failures of a control for one subject."""
        return await self._glasses.waive(caller, message)

    async def end_waiver(self, *, caller: Caller, message: WaiverOf) -> Waiver:
        """End a waiver now."""
        return await self._glasses.end_waiver(caller, message)

    async def waivers(self, *, caller: Caller, message: ListWaivers) -> WaiverPage:
        """List waivers."""
        return await self._glasses.waivers(caller, message)

    async def submit_report(self, *, caller: Caller, message: SubmitReport) -> LiveReport:
        """Keep what was found live, and end the obligations that it answers."""
        return await self._reporting.report(caller, message)

    async def obligations(self, *, caller: Caller, message: ListObligations) -> ObligationPage:
        """List obligations."""
        return await self._reporting.obligations(caller, message)

    async def record_secret_step(self, *, caller: Caller, message: RecordSecretStep) -> SecretStep:
        """Put a step of a secret's rotation on record."""
        return await self._reporting.secret_step(caller, message)

    async def evidence(self, *, caller: Caller, message: ListEvidence) -> EvidencePage:
        """List what was done, each with where the record has it."""
        return await self._reporting.evidence(caller, message)

    async def late_tenants(self, *, most: int) -> list[int]:
        """The tenants for whom something was not done in time. For the job."""
        return await self._reporting.late_tenants(most=most)

    async def note_missed(self, *, tenant_id: int) -> int:
        """Note once what a tenant missed. For the job."""
        return await self._reporting.note_missed(tenant_id=tenant_id)
