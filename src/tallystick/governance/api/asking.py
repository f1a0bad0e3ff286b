"""What can be asked of governance."""

from typing import Annotated

from msgspec import Meta, field

from tallystick.governance.api.words import (
    DIFFERENCES_MAX,
    GLASS_MINUTES_MAX,
    REPORT_VERDICTS_MAX,
    ApplyEnd,
    ApplyId,
    Commit,
    ControlId,
    Digest,
    EstateId,
    LockId,
    ObligationStatus,
    Opinion,
    Outcome,
    PlanId,
    PlanStatus,
    Reason,
    Subject,
    Token,
)
from tallystick.kernel.fields import Cursor, PageLimit, Time, told
from tallystick.kernel.messages import Message


class SubmitPlan(Message, frozen=True, kw_only=True):
    """Hand in what Terraform planned. Its author is the caller; earlier plans of the estate are superseded by it."""

    estate: EstateId
    commit: Commit
    base: Annotated[Commit, told("The head of the protected branch that it was planned on.")]
    plan: Annotated[bytes, told("``terraform show -json`` of the plan, in base64; at most 4 MiB.")]
    planfile: Annotated[bytes, told("The file of the plan, in base64; at most 1.5 MB.")]
    tool: Annotated[str, told("Name and version of the tool, such as ``terraform 1.15.5``.")]
    providers: Annotated[
        dict[str, str], told("The version of each provider, by its source address.")
    ] = field(default_factory=dict[str, str])


class PlanOf(Message, frozen=True, kw_only=True):
    """Name one plan."""

    plan: PlanId


class ListPlans(Message, frozen=True, kw_only=True):
    """List plans, newest first; ``after`` is the cursor of the page before."""

    estate: EstateId | None = None
    status: PlanStatus | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class VerdictsOf(Message, frozen=True, kw_only=True):
    """List what the controls say of a plan; what is not applicable is counted and not kept."""

    plan: PlanId
    outcome: Outcome | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class ApprovePlan(Message, frozen=True, kw_only=True):
    """Agree to exactly the plan that has this hash."""

    plan: PlanId
    hash: Annotated[Digest, told("The hash of the plan that was read.")]


class BeginApply(Message, frozen=True, kw_only=True):
    """Begin to apply a plan, as far as the rules let; ``break_glass`` is what was broken to pass some of them over."""

    plan: PlanId
    break_glass: Annotated[str | None, told("An open break-glass of the estate, ``brk_…``.")] = None


class ExtendApply(Message, frozen=True, kw_only=True):
    """Say that an apply still runs."""

    apply: ApplyId
    token: Token


class FinishApply(Message, frozen=True, kw_only=True):
    """Say how an apply ended. One that is ``applied`` names the serial of the state it left."""

    apply: ApplyId
    token: Token
    end: Annotated[ApplyEnd, told("How it ended.")]
    serial: Annotated[int | None, told("The serial of the last state it wrote, if any.")] = None
    problem: Annotated[str, told("What went wrong, in a sentence; 500 characters at most.")] = ""


class EstateOf(Message, frozen=True, kw_only=True):
    """Name one estate."""

    estate: EstateId


class ListEstates(Message, frozen=True, kw_only=True):
    """List the estates; there are nine at most."""


class ReadState(Message, frozen=True, kw_only=True):
    """Read the state of an estate, to plan from it, or with the ``token`` of the apply that holds it."""

    estate: EstateId
    token: Token | None = None


class WriteState(Message, frozen=True, kw_only=True):
    """Write the next state of an estate, under the lease of its running apply."""

    estate: EstateId
    token: Token
    content: Annotated[bytes, told("State of version 4, whole, in base64; at most 5 MiB.")]
    lock: Annotated[LockId | None, told("The lock it is written under.")] = None


class LockState(Message, frozen=True, kw_only=True):
    """Lock the state of an estate for its running apply."""

    estate: EstateId
    token: Token
    lock: LockId


class UnlockState(Message, frozen=True, kw_only=True):
    """Take back a lock."""

    estate: EstateId
    token: Token
    lock: LockId


class RestoreState(Message, frozen=True, kw_only=True):
    """Bring back an earlier version of the state of an estate, while nothing is applied to it."""

    estate: EstateId
    serial: Annotated[int, told("The serial of the version that comes back.")]
    reason: Reason


class HandInState(Message, frozen=True, kw_only=True):
    """Hand in the state that a lost or failed apply left, such as ``errored.tfstate``, while nothing is applied."""

    estate: EstateId
    content: Annotated[bytes, told("State of version 4, whole, in base64; at most 5 MiB.")]
    reason: Reason


class ForceUnlock(Message, frozen=True, kw_only=True):
    """Free an estate from an apply whose lease has ended."""

    estate: EstateId
    reason: Reason


class BreakGlass(Message, frozen=True, kw_only=True):
    """Let applies of an estate pass over approval, order, window, gates and obligations, for some minutes."""

    estate: EstateId
    reason: Reason
    minutes: Annotated[
        int,
        Meta(
            description="How long it stays open.",
            extra_json_schema={"minimum": 1, "maximum": GLASS_MINUTES_MAX},
        ),
    ]


class ReviewGlass(Message, frozen=True, kw_only=True):
    """Say, as somebody else, whether it was right to break the glass."""

    break_glass: Annotated[str, told("The id of the break-glass, ``brk_…``.")]
    opinion: Annotated[Opinion, told("Whether it was right.")]
    reason: Reason


class ListGlasses(Message, frozen=True, kw_only=True):
    """List break-glasses, newest first."""

    estate: EstateId | None = None
    unreviewed: Annotated[bool, told("Only those that nobody has reviewed.")] = False
    after: Cursor | None = None
    limit: PageLimit = 50


class Waive(Message, frozen=True, kw_only=True):
    """Let a failure of a control count as waived, until a day within 90."""

    estate: EstateId
    control: ControlId
    subject: Subject
    reason: Reason
    until: Annotated[Time, told("When it ends by itself.")]


class WaiverOf(Message, frozen=True, kw_only=True):
    """Name one waiver."""

    waiver: Annotated[str, told("The id of the waiver, ``wvr_…``.")]


class ListWaivers(Message, frozen=True, kw_only=True):
    """List waivers, newest first."""

    estate: EstateId | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class LiveVerdict(Message, frozen=True, kw_only=True):
    """What a control says of something that is live; ``target`` is where its values were read."""

    control: ControlId
    subject: Subject
    outcome: Outcome
    target: Annotated[str, told("Where it was read: a cloud, or what stands for one.")]


class Difference(Message, frozen=True, kw_only=True):
    """Something live that differs from what was planned. Values stay where they are: only a digest travels."""

    subject: Subject
    kind: Annotated[str, told("How it differs: created, changed or deleted.")]
    sort: Annotated[str, told("What drift it is, such as ``noise`` or ``unexplained``.")]
    digest: Digest
    by: Annotated[str, told("Who did it, by the cloud's own trail.")] = ""


class SubmitReport(Message, frozen=True, kw_only=True):
    """Hand in what was found live, at most an hour ago. Passes meet what others' plans owe, failures break it."""

    estate: EstateId
    observed_at: Time
    verdicts: Annotated[
        tuple[LiveVerdict, ...],
        Meta(
            description="What controls say of what is live.",
            extra_json_schema={"maxItems": REPORT_VERDICTS_MAX},
        ),
    ]
    differences: Annotated[
        tuple[Difference, ...],
        Meta(description="Drift.", extra_json_schema={"maxItems": DIFFERENCES_MAX}),
    ] = ()
    since: Annotated[Time | None, told("From when on the cloud's trail was asked.")] = None
    unseen: Annotated[int, told("How much could not be looked at.")] = 0
    alarms: Annotated[int, told("How many differences nobody explains that break a control.")] = 0
    rules: Annotated[Digest | None, told("SHA-256 of the policies that it rests on.")] = None
    commit: Annotated[Commit | None, told("What the code was that it rests on.")] = None
    digests: Annotated[dict[str, str], told("SHA-256 of each file of the report, by its name.")] = (
        field(default_factory=dict[str, str])
    )


class ListObligations(Message, frozen=True, kw_only=True):
    """List obligations, in the order in which they were made."""

    estate: EstateId | None = None
    status: ObligationStatus | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class RecordSecretStep(Message, frozen=True, kw_only=True):
    """Say that a secret went a step of its rotation. Only digests: what has the secret itself is refused."""

    secret: Annotated[
        str, told("Its name in the list of secrets: ``a-z 0-9 . _ - /``, 64 at most.")
    ]
    home: Annotated[str, told("Where it is kept, such as ``openbao``.")]
    step: Annotated[str, told("What was done, a word such as ``made`` or ``proven_dead``.")]
    version: Annotated[int, told("Which version of the secret it is about.")]
    digest: Digest | None = None
    consumer: Annotated[str, told("Who has acknowledged it.")] = ""
    is_good: Annotated[bool, told("Whether the step went well.")] = True


class ListEvidence(Message, frozen=True, kw_only=True):
    """List what was done, oldest first, as the record has it."""

    estate: EstateId | None = None
    after: Cursor | None = None
    limit: PageLimit = 50
