"""Governance over HTTP, all of it under ``/v1/cloud``."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec

from tallystick.governance.api import (
    GLASS_MINUTES_MAX,
    Apply,
    ApplyIsRunning,
    ApplyNotLost,
    ApprovePlan,
    AuthorMayNotApprove,
    BeginApply,
    BreakerMayNotReview,
    BreakGlass,
    ControlNotKnown,
    CredentialsNotAvailable,
    EstateOf,
    EstateStanding,
    EstateStandings,
    EvidencePage,
    ExtendApply,
    FinishApply,
    ForceUnlock,
    GateFailed,
    Glass,
    GlassIsReviewed,
    GlassNeedsReview,
    GlassNotFound,
    GlassNotOpen,
    GlassPage,
    Governance,
    HandInState,
    HeadNotKnown,
    LeaseNotAccepted,
    LentApply,
    ListEstates,
    ListEvidence,
    ListGlasses,
    ListObligations,
    ListPlans,
    ListWaivers,
    LiveReport,
    LockState,
    MainMoved,
    NotAppliedBefore,
    NothingToUnlock,
    ObligationOverdue,
    ObligationPage,
    Plan,
    PlanDocument,
    PlanHashDiffers,
    PlanNotApproved,
    PlanNotFound,
    PlanNotOpen,
    PlanNotReadable,
    PlanOf,
    PlanPage,
    PoliciesNotReadable,
    ReadState,
    RecordSecretStep,
    RestoreState,
    ReviewGlass,
    SecretStep,
    State,
    StateIsLocked,
    StateIsOfAnotherEstate,
    StateIsOld,
    StateNotFound,
    StateNotReadable,
    StateNotWritten,
    StateWritten,
    SubmitPlan,
    SubmitReport,
    UnlockState,
    VerdictPage,
    VerdictsOf,
    Waive,
    Waiver,
    WaiverNotFound,
    WaiverOf,
    WaiverPage,
    WindowClosed,
    WriteState,
)
from tallystick.governance.api.words import (
    ApplyEnd,
    Digest,
    LockId,
    Opinion,
    Outcome,
    Reason,
    Token,
)
from tallystick.kernel.fields import Cursor, PageLimit, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Problem
from tallystick.runtime.routes import REPLAYED, Asked, Reply, Route

_ROOT: Final = "/v1/cloud"
_RULES: Final = (
    *(PlanNotApproved, NotAppliedBefore, HeadNotKnown, MainMoved, GateFailed, ObligationOverdue),
    WindowClosed,
)
_GLASS: Final = (GlassNotFound, GlassNotOpen, GlassNeedsReview)

Method = Callable[..., Awaitable[Any]]


class Agreeing(Message, frozen=True, kw_only=True):
    """What is agreed to."""

    hash: Annotated[Digest, told("The hash of the plan that was read.")]


class Beginning(Message, frozen=True, kw_only=True):
    """How an apply begins."""

    break_glass: Annotated[str | None, told("An open break-glass of the estate, ``brk_…``.")] = None


class Leased(Message, frozen=True, kw_only=True):
    """The lease of a running apply."""

    token: Token


class Ending(Message, frozen=True, kw_only=True):
    """How an apply ended."""

    token: Token
    end: Annotated[ApplyEnd, told("How it ended.")]
    serial: Annotated[int | None, told("The serial of the last state it wrote, if any.")] = None
    problem: Annotated[str, told("What went wrong, in a sentence; 500 characters at most.")] = ""


class Reading(Message, frozen=True, kw_only=True):
    """Under which lease a state is read; none to plan from it."""

    token: Token | None = None


class Writing(Message, frozen=True, kw_only=True):
    """A state."""

    token: Token
    content: Annotated[bytes, told("State of version 4, whole, in base64; at most 5 MiB.")]
    lock: Annotated[LockId | None, told("The lock it is written under.")] = None


class Restored(Message, frozen=True, kw_only=True):
    """The version that comes back, and why."""

    serial: Annotated[int, told("The serial of the version that comes back.")]
    reason: Reason


class LeftBehind(Message, frozen=True, kw_only=True):
    """The state that an apply left, and why it is handed in."""

    content: Annotated[bytes, told("State of version 4, whole, in base64; at most 5 MiB.")]
    reason: Reason


class Locking(Message, frozen=True, kw_only=True):
    """A lock."""

    token: Token
    lock: LockId


class Freeing(Message, frozen=True, kw_only=True):
    """Why."""

    reason: Reason


class Breaking(Message, frozen=True, kw_only=True):
    """Why a glass is broken, and for how long."""

    reason: Reason
    minutes: Annotated[
        int,
        msgspec.Meta(
            description="How long it stays open.",
            extra_json_schema={"minimum": 1, "maximum": GLASS_MINUTES_MAX},
        ),
    ]


class Reviewing(Message, frozen=True, kw_only=True):
    """What the second person says."""

    opinion: Annotated[Opinion, told("Whether it was right.")]
    reason: Reason


class VerdictsWanted(Message, frozen=True, kw_only=True):
    """Which verdicts are listed."""

    outcome: Outcome | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


def routes(governance: Governance) -> list[Route]:
    """The routes of governance."""
    return [
        *_plans(governance),
        *_applies(governance),
        *_states(governance),
        *_glasses(governance),
        *_evidence(governance),
    ]


def _to(method: Method, kind: Any, **names: str) -> Callable[[Asked], Awaitable[Any]]:
    """Hand a request to a verb: fields of the path under their names, those of the body or query beside them."""

    async def handle(asked: Asked) -> Any:
        said = asked.body if asked.body is not None else asked.query
        fields = {} if said is None else msgspec.structs.asdict(said)
        message = kind(**fields, **{name: asked.path[place] for name, place in names.items()})
        answer = await method(caller=asked.caller, message=message)
        return Reply(value=answer, status=200, headers=REPLAYED) if _is_replayed(answer) else answer

    return handle


def _is_replayed(answer: Any) -> bool:
    return getattr(answer, "replayed", False)


def _route(
    how: str,
    summary: str,
    handle: Callable[[Asked], Awaitable[Any]],
    answer: Any,
    *problems: type[Problem],
    **words: Any,
) -> Route:
    method, _, path = how.partition(" ")
    return Route(
        method=method,
        path=f"{_ROOT}{path}",
        summary=summary,
        handle=handle,
        answer=answer,
        problems=problems,
        **words,
    )


def _plans(door: Governance) -> list[Route]:
    plan, found = "/plans/{plan}", (PlanNotFound, PoliciesNotReadable)
    return [
        _route(
            "POST /plans", "Hand in a plan", _to(door.submit_plan, SubmitPlan), Plan,
            PlanNotReadable, PoliciesNotReadable, body=SubmitPlan, status=201, replays=True,
        ),
        _route("GET /plans", "List plans", _to(door.plans, ListPlans), PlanPage, query=ListPlans),
        _route(f"GET {plan}", "Show a plan", _to(door.plan, PlanOf, plan="plan"), Plan, *found),
        _route(
            f"GET {plan}/verdicts", "List what controls say of a plan",
            _to(door.verdicts, VerdictsOf, plan="plan"), VerdictPage, PlanNotFound, query=VerdictsWanted,
        ),
        _route(
            f"GET {plan}/document", "Read a plan whole", _to(door.document, PlanOf, plan="plan"),
            PlanDocument, PlanNotFound,
        ),
        _route(
            f"POST {plan}/approve", "Agree to a plan", _to(door.approve, ApprovePlan, plan="plan"), Plan,
            PlanNotFound, PlanHashDiffers, PlanNotOpen, AuthorMayNotApprove, body=Agreeing, replays=True,
        ),
        _route(
            f"POST {plan}/withdraw", "Take back one's word on a plan", _to(door.withdraw, PlanOf, plan="plan"),
            Plan, PlanNotFound, PlanNotOpen,
        ),
    ]  # fmt: skip


def _applies(door: Governance) -> list[Route]:
    apply = "/applies/{apply}"
    return [
        _route(
            "POST /plans/{plan}/apply", "Begin to apply a plan", _to(door.begin_apply, BeginApply, plan="plan"),
            LentApply, PlanNotFound, PlanNotOpen, PoliciesNotReadable, *_GLASS, ApplyIsRunning, *_RULES,
            CredentialsNotAvailable, body=Beginning, status=201, shows_secret=True,
        ),
        _route(
            f"POST {apply}/extend", "Say that an apply still runs", _to(door.extend_apply, ExtendApply, apply="apply"),
            Apply, PoliciesNotReadable, LeaseNotAccepted, WindowClosed, body=Leased,
        ),
        _route(
            f"POST {apply}/finish", "Say how an apply ended", _to(door.finish_apply, FinishApply, apply="apply"),
            Apply, LeaseNotAccepted, StateIsOld, StateNotWritten, body=Ending,
        ),
    ]  # fmt: skip


def _states(door: Governance) -> list[Route]:
    estate, of = "/estates/{estate}", {"estate": "estate"}
    return [
        _route("GET /estates", "Show how all estates stand", _to(door.estates, ListEstates), EstateStandings),
        _route(f"GET {estate}", "Show how an estate stands", _to(door.estate, EstateOf, **of), EstateStanding),
        _route(
            f"POST {estate}/state/read", "Read a state", _to(door.read_state, ReadState, **of), State,
            StateNotFound, LeaseNotAccepted, body=Reading, shows_secret=True,
        ),
        _route(
            f"PUT {estate}/state", "Write a state", _to(door.write_state, WriteState, **of), StateWritten,
            StateNotReadable, LeaseNotAccepted, StateIsLocked, StateIsOfAnotherEstate, StateIsOld,
            body=Writing, replays=True,
        ),
        _route(
            f"POST {estate}/lock", "Lock a state", _to(door.lock_state, LockState, **of), EstateStanding,
            LeaseNotAccepted, StateIsLocked, body=Locking,
        ),
        _route(
            f"POST {estate}/unlock", "Unlock a state", _to(door.unlock_state, UnlockState, **of), EstateStanding,
            LeaseNotAccepted, StateIsLocked, body=Locking,
        ),
        _route(
            f"POST {estate}/state/restore", "Bring back an earlier state",
            _to(door.restore_state, RestoreState, **of), StateWritten,
            ApplyIsRunning, StateNotFound, StateIsOld, StateNotReadable, body=Restored,
        ),
        _route(
            f"POST {estate}/state/hand-in", "Hand in a state that an apply left",
            _to(door.hand_in_state, HandInState, **of), StateWritten,
            StateNotReadable, StateIsOfAnotherEstate, ApplyIsRunning, ApplyNotLost, StateIsOld, body=LeftBehind,
        ),
        _route(
            f"POST {estate}/free", "Free an estate from an apply that is gone",
            _to(door.force_unlock, ForceUnlock, **of), EstateStanding, NothingToUnlock, ApplyIsRunning, body=Freeing,
        ),
    ]  # fmt: skip


def _glasses(door: Governance) -> list[Route]:
    return [
        _route(
            "POST /estates/{estate}/break-glass", "Break the glass", _to(door.break_glass, BreakGlass, estate="estate"),
            Glass, GlassNeedsReview, body=Breaking, status=201,
        ),
        _route("GET /break-glasses", "List break-glasses", _to(door.glasses, ListGlasses), GlassPage,
               query=ListGlasses),
        _route(
            "POST /break-glasses/{break_glass}/review", "Review a break-glass",
            _to(door.review_glass, ReviewGlass, break_glass="break_glass"), Glass,
            GlassNotFound, GlassIsReviewed, BreakerMayNotReview, ApplyIsRunning, body=Reviewing,
        ),
        _route("POST /waivers", "Waive a control", _to(door.waive, Waive), Waiver, ControlNotKnown, PoliciesNotReadable,
               body=Waive, status=201),
        _route("GET /waivers", "List waivers", _to(door.waivers, ListWaivers), WaiverPage, query=ListWaivers),
        _route("POST /waivers/{waiver}/end", "End a waiver", _to(door.end_waiver, WaiverOf, waiver="waiver"), Waiver,
               WaiverNotFound),
    ]  # fmt: skip


def _evidence(door: Governance) -> list[Route]:
    return [
        _route("POST /live-reports", "Hand in what was found live", _to(door.submit_report, SubmitReport), LiveReport,
               PoliciesNotReadable, body=SubmitReport, status=201),
        _route("GET /obligations", "List obligations", _to(door.obligations, ListObligations), ObligationPage,
               query=ListObligations),
        _route("POST /secret-steps", "Put a step of a secret on record",
               _to(door.record_secret_step, RecordSecretStep), SecretStep, PoliciesNotReadable,
               body=RecordSecretStep, status=201),
        _route("GET /evidence", "List what was done", _to(door.evidence, ListEvidence), EvidencePage,
               query=ListEvidence),
    ]  # fmt: skip
