"""What governance answers."""

from typing import Annotated, Any

from msgspec import field

from tallystick.governance.api.words import (
    ApplyId,
    ApplyStatus,
    Commit,
    ControlId,
    Digest,
    EstateId,
    ObligationStatus,
    Opinion,
    Outcome,
    PlanId,
    PlanStatus,
    Reason,
    Subject,
    Token,
)
from tallystick.kernel.fields import NextCursor, Replayed, Time, told
from tallystick.kernel.messages import Message


class PlanApproval(Message, frozen=True, kw_only=True):
    """Somebody's word that exactly this plan may be applied."""

    by: Annotated[str, told("Who agreed.")]
    at: Time


class Apply(Message, frozen=True, kw_only=True):
    """An apply of a plan. ``passed_over`` are the rules that a broken glass let it pass over."""

    apply: ApplyId
    plan: PlanId
    estate: EstateId
    status: Annotated[ApplyStatus, told("Where it stands.")]
    by: Annotated[str, told("Who began it.")]
    began_at: Time
    until: Annotated[Time, told("When its lease ends.")]
    ended_at: Annotated[Time | None, told("When it ended.")] = None
    serial: Annotated[int | None, told("The serial of the state that it left.")] = None
    passed_over: Annotated[tuple[str, ...], told("Codes of the rules it passed over.")] = ()


class Plan(Message, frozen=True, kw_only=True):
    """A plan. ``counts`` says how many verdicts there are of each outcome; none when it was not judged."""

    plan: PlanId
    estate: EstateId
    commit: Commit
    base: Commit
    hash: Annotated[Digest, told("What an approval is bound to.")]
    planfile_digest: Digest
    status: Annotated[PlanStatus, told("Where it stands.")]
    author: Annotated[str, told("Who handed it in.")]
    submitted_at: Time
    tool: Annotated[str, told("What planned it.")]
    providers: Annotated[dict[str, str], told("The providers' versions.")] = field(
        default_factory=dict[str, str]
    )
    counts: Annotated[dict[str, int], told("Verdicts by outcome.")] = field(
        default_factory=dict[str, int]
    )
    approvals: Annotated[tuple[PlanApproval, ...], told("Those that count.")] = ()
    refusals: Annotated[
        tuple[str, ...],
        told("Codes of what would keep it from being applied now; lists leave it out."),
    ] = ()
    apply: Annotated[Apply | None, told("Its last apply; lists leave it out.")] = None
    replayed: Replayed = False


class PlanPage(Message, frozen=True, kw_only=True):
    """A page of plans."""

    items: Annotated[tuple[Plan, ...], told("Newest first.")]
    after: NextCursor | None = None


class PlanDifference(Message, frozen=True, kw_only=True):
    """An attribute that a plan changes, as a person may read it: hidden where sensitive, short where long."""

    path: Annotated[str, told("Which one, with dots between its parts.")]
    before: Annotated[str, told("What it is.")]
    after: Annotated[str, told("What it will be.")]
    replaces: Annotated[bool, told("Whether it makes a new object necessary.")] = False


class PlanChange(Message, frozen=True, kw_only=True):
    """What a plan does to one object, and why somebody should care."""

    address: Subject
    verb: Annotated[
        str, told("``destroyed``, ``replaced``, ``changed``, ``created``, ``forgotten``.")
    ]
    noun: Annotated[str, told("What it is, in words.")]
    why: Annotated[str, told("Why it matters.")]
    loses: Annotated[str, told("What is lost for good; '' when nothing is.")] = ""
    costs: Annotated[tuple[str, ...], told("What changes the bill.")] = ()
    differences: Annotated[
        tuple[PlanDifference, ...],
        told("The first 60 that differ; of what is created, that are set."),
    ] = ()
    more: Annotated[int, told("How many differ besides.")] = 0


class PlanDocument(Message, frozen=True, kw_only=True):
    """A plan to be read: it is confidential, and that it was read is on record.

    ``hash`` is of all that was handed in. ``content`` lacks ``prior_state`` and sensitive values: it hashes otherwise.
    """

    plan: PlanId
    hash: Digest
    content: Annotated[bytes, told("``terraform show -json`` of it, less secrets, in base64.")]
    changes: Annotated[
        tuple[PlanChange, ...], told("The same in words: what is lost comes first.")
    ] = ()


class PlanVerdict(Message, frozen=True, kw_only=True):
    """What a control says of a resource of a plan."""

    control: ControlId
    subject: Subject
    outcome: Outcome
    severity: Annotated[str, told("How bad a failure is.")]
    reasons: Annotated[tuple[str, ...], told("A sentence for each clause that did not pass.")]
    waiver: Annotated[str | None, told("What waives it.")] = None


class VerdictPage(Message, frozen=True, kw_only=True):
    """A page of verdicts."""

    items: Annotated[tuple[PlanVerdict, ...], told("Failures first, then by control and subject.")]
    after: NextCursor | None = None


class LentApply(Message, frozen=True, kw_only=True):
    """All that an apply needs, until its lease ends; it is shown once.

    The planfile is what is applied, and nothing else: before, ``terraform show -json`` of it must have ``hash``.
    ``credentials`` are environment variables for this apply alone, empty where no home of credentials is set.
    """

    apply: Apply
    token: Token
    hash: Digest
    planfile: Annotated[bytes, told("The file of the plan, in base64.")]
    planfile_digest: Digest
    credentials: Annotated[dict[str, str], told("Environment variables, by name.")] = field(
        default_factory=dict[str, str]
    )


class Obliged(Message, frozen=True, kw_only=True):
    """Something that a plan could not know, and that must be seen live by ``due_at``."""

    obligation: Annotated[str, told("Its id, ``obl_…``.")]
    plan: PlanId
    hash: Digest
    estate: EstateId
    control: ControlId
    subject: Subject
    status: Annotated[ObligationStatus, told("Where it stands.")]
    due_at: Time
    ended_at: Annotated[Time | None, told("When it was met or broken.")] = None
    report: Annotated[str | None, told("The report that ended it.")] = None


class ObligationPage(Message, frozen=True, kw_only=True):
    """A page of obligations."""

    items: Annotated[tuple[Obliged, ...], told("In the order in which they were made.")]
    after: NextCursor | None = None


class Glass(Message, frozen=True, kw_only=True):
    """A break-glass. Until somebody else has reviewed it, it is shown; after ``review_by`` it stops every apply."""

    break_glass: Annotated[str, told("Its id, ``brk_…``.")]
    estate: EstateId
    reason: Reason
    by: Annotated[str, told("Who broke it.")]
    at: Time
    until: Annotated[Time, told("When it closes.")]
    review_by: Annotated[Time, told("When somebody else must have reviewed it.")]
    reviewed_by: Annotated[str | None, told("Who did.")] = None
    reviewed_at: Annotated[Time | None, told("When.")] = None
    opinion: Annotated[Opinion | None, told("What they said.")] = None


class GlassPage(Message, frozen=True, kw_only=True):
    """A page of break-glasses."""

    items: Annotated[tuple[Glass, ...], told("Newest first.")]
    after: NextCursor | None = None


class EstateStanding(Message, frozen=True, kw_only=True):
    """How an estate stands."""

    estate: EstateId
    serial: Annotated[int | None, told("The serial of its state; none without one.")] = None
    commit: Annotated[Commit | None, told("What was last applied to it.")] = None
    running: Annotated[Apply | None, told("What is being applied to it.")] = None
    lock: Annotated[str | None, told("The lock of its state.")] = None
    overdue: Annotated[int, told("How many obligations are overdue or broken.")] = 0
    glasses: Annotated[tuple[Glass, ...], told("Break-glasses that are open or not reviewed.")] = ()


class EstateStandings(Message, frozen=True, kw_only=True):
    """How every estate that has a plan stands."""

    items: Annotated[tuple[EstateStanding, ...], told("By name.")]


class State(Message, frozen=True, kw_only=True):
    """The state of an estate: it is confidential."""

    estate: EstateId
    serial: Annotated[int, told("Grows with every version.")]
    lineage: Annotated[str, told("The same for all states of one estate.")]
    digest: Digest
    content: Annotated[bytes, told("State of version 4, in base64.")]


class StateWritten(Message, frozen=True, kw_only=True):
    """A state that was kept."""

    estate: EstateId
    serial: Annotated[int, told("Its serial.")]
    digest: Digest
    replayed: Replayed = False


class Waiver(Message, frozen=True, kw_only=True):
    """A waiver; it is in force until it ends."""

    waiver: Annotated[str, told("Its id, ``wvr_…``.")]
    estate: EstateId
    control: ControlId
    subject: Subject
    reason: Reason
    by: Annotated[str, told("Who asked for it.")]
    at: Time
    until: Annotated[Time, told("When it ends by itself.")]
    ended_at: Annotated[Time | None, told("When it was ended before.")] = None


class WaiverPage(Message, frozen=True, kw_only=True):
    """A page of waivers."""

    items: Annotated[tuple[Waiver, ...], told("Newest first.")]
    after: NextCursor | None = None


class LiveReport(Message, frozen=True, kw_only=True):
    """A report that was kept, and what came of it."""

    report: Annotated[str, told("Its id, ``rep_…``.")]
    estate: EstateId
    observed_at: Time
    at: Time
    digest: Annotated[Digest, told("Of all that was handed in.")]
    met: Annotated[int, told("How many obligations it met.")]
    broken: Annotated[int, told("How many it broke.")]


class SecretStep(Message, frozen=True, kw_only=True):
    """A step of a secret's rotation that is on record."""

    name: Annotated[str, told("What the secret is called.")]
    step: Annotated[str, told("What was done.")]
    version: Annotated[int, told("Which version.")]
    at: Time


class Evidence(Message, frozen=True, kw_only=True):
    """Something that was done: the entry of the record with this ``tag``, ``on`` and ``at`` says the same."""

    number: Annotated[int, told("Counts what governance did.")]
    at: Time
    by: Annotated[str, told("Who did it.")]
    tag: Annotated[str, told("What the record calls it.")]
    on: Annotated[str, told("What the record names it by.")]
    estate: Annotated[str, told("The estate, '' where it is about none.")]
    outcome: Annotated[str, told("How it ended.")]
    content: Annotated[dict[str, Any], told("What the entry says of it.")]


class EvidencePage(Message, frozen=True, kw_only=True):
    """A page of evidence."""

    items: Annotated[tuple[Evidence, ...], told("Oldest first.")]
    after: NextCursor | None = None
