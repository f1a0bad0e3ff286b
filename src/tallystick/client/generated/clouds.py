"""Questions about the clouds: plans, applies, states, evidence. Written by ``make client`` from the routes."""

from collections.abc import Iterator

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.governance.api import (
    Apply,
    ApplyEnd,
    Difference,
    EstateStanding,
    EstateStandings,
    Evidence,
    EvidencePage,
    Glass,
    GlassPage,
    LentApply,
    LiveReport,
    LiveVerdict,
    ObligationPage,
    ObligationStatus,
    Obliged,
    Opinion,
    Outcome,
    Plan,
    PlanDocument,
    PlanPage,
    PlanStatus,
    PlanVerdict,
    SecretStep,
    State,
    StateWritten,
    VerdictPage,
    Waiver,
    WaiverPage,
)
from tallystick.kernel.fields import PAGE_MAX


class Clouds(Group):
    """What can be asked of the clouds: plans, applies, states, evidence."""

    def submit_plan(
        self,
        *,
        estate: str,
        commit: str,
        base: str,
        plan: bytes,
        planfile: bytes,
        tool: str,
        providers: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Plan:
        """Hand in a plan.

        Raises PlanNotReadable, PoliciesNotReadable.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/cloud/plans",
                Plan,
                body=said(
                    {
                        "estate": estate,
                        "commit": commit,
                        "base": base,
                        "plan": plan,
                        "planfile": planfile,
                        "tool": tool,
                        "providers": providers,
                    }
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def plans(
        self,
        *,
        estate: str | None = None,
        status: PlanStatus | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> PlanPage:
        """List plans."""
        return self._ask(
            Call(
                "GET",
                "/v1/cloud/plans",
                PlanPage,
                query=said(
                    {"estate": estate, "status": status, "after": after, "limit": limit}, limit=50
                ),
                within_ms=within_ms,
            )
        )

    def each_plan(
        self,
        *,
        most: int,
        estate: str | None = None,
        status: PlanStatus | None = None,
        within_ms: int | None = None,
    ) -> Iterator[Plan]:
        """List plans: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/cloud/plans",
                PlanPage,
                query=said({"estate": estate, "status": status, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def plan(self, *, plan: str, within_ms: int | None = None) -> Plan:
        """Show a plan.

        Raises PlanNotFound, PoliciesNotReadable.
        """
        return self._ask(Call("GET", f"/v1/cloud/plans/{segment(plan)}", Plan, within_ms=within_ms))

    def verdicts(
        self,
        *,
        plan: str,
        outcome: Outcome | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> VerdictPage:
        """List what controls say of a plan.

        Raises PlanNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/cloud/plans/{segment(plan)}/verdicts",
                VerdictPage,
                query=said({"outcome": outcome, "after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_verdict(
        self, *, plan: str, most: int, outcome: Outcome | None = None, within_ms: int | None = None
    ) -> Iterator[PlanVerdict]:
        """List what controls say of a plan: every one, page by page.

        Raises ListTooLong for more than ``most``, PlanNotFound.
        """
        return self._walk(
            Call(
                "GET",
                f"/v1/cloud/plans/{segment(plan)}/verdicts",
                VerdictPage,
                query=said({"outcome": outcome, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def plan_document(self, *, plan: str, within_ms: int | None = None) -> PlanDocument:
        """Read a plan whole.

        Raises PlanNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/cloud/plans/{segment(plan)}/document",
                PlanDocument,
                within_ms=within_ms,
            )
        )

    def approve_plan(
        self,
        *,
        plan: str,
        hash: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Plan:
        """Agree to a plan.

        Raises PlanNotFound, PlanHashDiffers, PlanNotOpen, AuthorMayNotApprove.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/plans/{segment(plan)}/approve",
                Plan,
                body={"hash": hash},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def withdraw_plan(
        self, *, plan: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Plan:
        """Take back one's word on a plan.

        Raises PlanNotFound, PlanNotOpen.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/plans/{segment(plan)}/withdraw",
                Plan,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def begin_apply(
        self,
        *,
        plan: str,
        break_glass: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> LentApply:
        """Begin to apply a plan.

        Raises PlanNotFound, PlanNotOpen, PoliciesNotReadable, GlassNotFound, GlassNotOpen,
        GlassNeedsReview, ApplyIsRunning, PlanNotApproved, NotAppliedBefore, HeadNotKnown, MainMoved,
        GateFailed, ObligationOverdue, WindowClosed, CredentialsNotAvailable.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/plans/{segment(plan)}/apply",
                LentApply,
                body=said({"break_glass": break_glass}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def extend_apply(
        self,
        *,
        apply: str,
        token: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Apply:
        """Say that an apply still runs.

        Raises PoliciesNotReadable, LeaseNotAccepted, WindowClosed.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/applies/{segment(apply)}/extend",
                Apply,
                body={"token": token},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def finish_apply(
        self,
        *,
        apply: str,
        token: str,
        end: ApplyEnd,
        serial: int | None = None,
        problem: str = "",
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Apply:
        """Say how an apply ended.

        Raises LeaseNotAccepted, StateIsOld, StateNotWritten.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/applies/{segment(apply)}/finish",
                Apply,
                body=said(
                    {"token": token, "end": end, "serial": serial, "problem": problem}, problem=""
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def estates(self, *, within_ms: int | None = None) -> EstateStandings:
        """Show how all estates stand."""
        return self._ask(Call("GET", "/v1/cloud/estates", EstateStandings, within_ms=within_ms))

    def estate(self, *, estate: str, within_ms: int | None = None) -> EstateStanding:
        """Show how an estate stands."""
        return self._ask(
            Call("GET", f"/v1/cloud/estates/{segment(estate)}", EstateStanding, within_ms=within_ms)
        )

    def read_state(
        self,
        *,
        estate: str,
        token: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> State:
        """Read a state.

        Raises StateNotFound, LeaseNotAccepted.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/state/read",
                State,
                body=said({"token": token}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def write_state(
        self,
        *,
        estate: str,
        token: str,
        content: bytes,
        lock: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> StateWritten:
        """Write a state.

        Raises StateNotReadable, LeaseNotAccepted, StateIsLocked, StateIsOfAnotherEstate, StateIsOld.
        """
        return self._ask(
            Call(
                "PUT",
                f"/v1/cloud/estates/{segment(estate)}/state",
                StateWritten,
                body=said({"token": token, "content": content, "lock": lock}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def lock_state(
        self,
        *,
        estate: str,
        token: str,
        lock: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> EstateStanding:
        """Lock a state.

        Raises LeaseNotAccepted, StateIsLocked.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/lock",
                EstateStanding,
                body={"token": token, "lock": lock},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def unlock_state(
        self,
        *,
        estate: str,
        token: str,
        lock: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> EstateStanding:
        """Unlock a state.

        Raises LeaseNotAccepted, StateIsLocked.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/unlock",
                EstateStanding,
                body={"token": token, "lock": lock},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def restore_state(
        self,
        *,
        estate: str,
        serial: int,
        reason: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> StateWritten:
        """Bring back an earlier state.

        Raises ApplyIsRunning, StateNotFound, StateIsOld, StateNotReadable.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/state/restore",
                StateWritten,
                body={"serial": serial, "reason": reason},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def hand_in_state(
        self,
        *,
        estate: str,
        content: bytes,
        reason: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> StateWritten:
        """Hand in a state that an apply left.

        Raises StateNotReadable, StateIsOfAnotherEstate, ApplyIsRunning, ApplyNotLost, StateIsOld.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/state/hand-in",
                StateWritten,
                body={"content": content, "reason": reason},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def free_estate(
        self,
        *,
        estate: str,
        reason: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> EstateStanding:
        """Free an estate from an apply that is gone.

        Raises NothingToUnlock, ApplyIsRunning.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/free",
                EstateStanding,
                body={"reason": reason},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def break_glass(
        self,
        *,
        estate: str,
        reason: str,
        minutes: int,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Glass:
        """Break the glass.

        Raises GlassNeedsReview.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/estates/{segment(estate)}/break-glass",
                Glass,
                body={"reason": reason, "minutes": minutes},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def break_glasses(
        self,
        *,
        estate: str | None = None,
        unreviewed: bool = False,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> GlassPage:
        """List break-glasses."""
        return self._ask(
            Call(
                "GET",
                "/v1/cloud/break-glasses",
                GlassPage,
                query=said(
                    {"estate": estate, "unreviewed": unreviewed, "after": after, "limit": limit},
                    unreviewed=False,
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_break_glass(
        self,
        *,
        most: int,
        estate: str | None = None,
        unreviewed: bool = False,
        within_ms: int | None = None,
    ) -> Iterator[Glass]:
        """List break-glasses: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/cloud/break-glasses",
                GlassPage,
                query=said(
                    {"estate": estate, "unreviewed": unreviewed, "limit": PAGE_MAX},
                    unreviewed=False,
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def review_break_glass(
        self,
        *,
        break_glass: str,
        opinion: Opinion,
        reason: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Glass:
        """Review a break-glass.

        Raises GlassNotFound, GlassIsReviewed, BreakerMayNotReview, ApplyIsRunning.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/break-glasses/{segment(break_glass)}/review",
                Glass,
                body={"opinion": opinion, "reason": reason},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def waive(
        self,
        *,
        estate: str,
        control: str,
        subject: str,
        reason: str,
        until: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Waiver:
        """Waive a control.

        Raises ControlNotKnown, PoliciesNotReadable.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/cloud/waivers",
                Waiver,
                body={
                    "estate": estate,
                    "control": control,
                    "subject": subject,
                    "reason": reason,
                    "until": until,
                },
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def waivers(
        self,
        *,
        estate: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> WaiverPage:
        """List waivers."""
        return self._ask(
            Call(
                "GET",
                "/v1/cloud/waivers",
                WaiverPage,
                query=said({"estate": estate, "after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_waiver(
        self, *, most: int, estate: str | None = None, within_ms: int | None = None
    ) -> Iterator[Waiver]:
        """List waivers: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/cloud/waivers",
                WaiverPage,
                query=said({"estate": estate, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def end_waiver(
        self, *, waiver: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Waiver:
        """End a waiver.

        Raises WaiverNotFound.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/cloud/waivers/{segment(waiver)}/end",
                Waiver,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def submit_live_report(
        self,
        *,
        estate: str,
        observed_at: str,
        verdicts: tuple[LiveVerdict, ...],
        differences: tuple[Difference, ...] = (),
        since: str | None = None,
        unseen: int = 0,
        alarms: int = 0,
        rules: str | None = None,
        commit: str | None = None,
        digests: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> LiveReport:
        """Hand in what was found live.

        Raises PoliciesNotReadable.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/cloud/live-reports",
                LiveReport,
                body=said(
                    {
                        "estate": estate,
                        "observed_at": observed_at,
                        "verdicts": verdicts,
                        "differences": differences,
                        "since": since,
                        "unseen": unseen,
                        "alarms": alarms,
                        "rules": rules,
                        "commit": commit,
                        "digests": digests,
                    },
                    differences=(),
                    unseen=0,
                    alarms=0,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def obligations(
        self,
        *,
        estate: str | None = None,
        status: ObligationStatus | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> ObligationPage:
        """List obligations."""
        return self._ask(
            Call(
                "GET",
                "/v1/cloud/obligations",
                ObligationPage,
                query=said(
                    {"estate": estate, "status": status, "after": after, "limit": limit}, limit=50
                ),
                within_ms=within_ms,
            )
        )

    def each_obligation(
        self,
        *,
        most: int,
        estate: str | None = None,
        status: ObligationStatus | None = None,
        within_ms: int | None = None,
    ) -> Iterator[Obliged]:
        """List obligations: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/cloud/obligations",
                ObligationPage,
                query=said({"estate": estate, "status": status, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def record_secret_step(
        self,
        *,
        secret: str,
        home: str,
        step: str,
        version: int,
        digest: str | None = None,
        consumer: str = "",
        is_good: bool = True,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> SecretStep:
        """Put a step of a secret on record.

        Raises PoliciesNotReadable.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/cloud/secret-steps",
                SecretStep,
                body=said(
                    {
                        "secret": secret,
                        "home": home,
                        "step": step,
                        "version": version,
                        "digest": digest,
                        "consumer": consumer,
                        "is_good": is_good,
                    },
                    consumer="",
                    is_good=True,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def evidence(
        self,
        *,
        estate: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> EvidencePage:
        """List what was done."""
        return self._ask(
            Call(
                "GET",
                "/v1/cloud/evidence",
                EvidencePage,
                query=said({"estate": estate, "after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_evidence(
        self, *, most: int, estate: str | None = None, within_ms: int | None = None
    ) -> Iterator[Evidence]:
        """List what was done: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/cloud/evidence",
                EvidencePage,
                query=said({"estate": estate, "limit": PAGE_MAX}),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )
