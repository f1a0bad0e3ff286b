"""How governance refuses."""

from tallystick.kernel.problems import Kind, Problem, Retry


class PlanNotFound(Problem):
    """The tenant has no such plan."""

    code = "plan_not_found"
    kind = Kind.NOT_FOUND


class PlanNotReadable(Problem):
    """What was handed in is no complete plan of a known version, with our providers, of the estate that is named."""

    code = "plan_not_readable"


class PoliciesNotReadable(Problem):
    """The platform's policies cannot be read as they stand, so nothing is judged and nothing goes on."""

    code = "policies_not_readable"
    kind = Kind.UNAVAILABLE


class PlanHashDiffers(Problem):
    """The plan has another hash than the one that was named: it is not the plan that was read. Read it again."""

    code = "plan_hash_differs"
    kind = Kind.CONFLICT


class PlanNotOpen(Problem):
    """The plan's status, in ``fields.status``, does not lead there: plan again."""

    code = "plan_not_open"
    kind = Kind.CONFLICT


class AuthorMayNotApprove(Problem):
    """Whoever made a plan, or holds the key that did, has no voice in whether it is applied: ask somebody else."""

    code = "author_may_not_approve"
    kind = Kind.FORBIDDEN


class PlanNotApproved(Problem):
    """Nobody but its author has agreed to this plan, or a newer plan has voided it: have it approved."""

    code = "plan_not_approved"
    kind = Kind.CONFLICT


class NotAppliedBefore(Problem):
    """The commit was not applied in the environment before, in ``fields.estate``: apply it there first."""

    code = "not_applied_before"
    kind = Kind.CONFLICT


class MainMoved(Problem):
    """The protected branch has another head, in ``fields.head``, than the plan was made on: plan again."""

    code = "main_moved"
    kind = Kind.CONFLICT


class HeadNotKnown(Problem):
    """The head of the protected branch cannot be read, so production is not touched; TALLYSTICK_CLOUD_REPOSITORY."""

    code = "head_not_known"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class GateFailed(Problem):
    """A gate that the platform's own policies set is not passed; ``fields`` names it and why."""

    code = "gate_failed"
    kind = Kind.CONFLICT


class ObligationOverdue(Problem):
    """What an earlier plan could not know was not seen live in time, or was seen to fail: mend it, and report."""

    code = "obligation_overdue"
    kind = Kind.CONFLICT


class WindowClosed(Problem):
    """Changes of this environment are not applied at this time, or are frozen; ``fields`` says until when."""

    code = "window_closed"
    kind = Kind.CONFLICT
    retry = Retry.LATER


class ApplyIsRunning(Problem):
    """Something is being applied to this estate: wait for its end, in ``fields.until`` at the latest."""

    code = "apply_is_running"
    kind = Kind.CONFLICT
    retry = Retry.LATER


class LeaseNotAccepted(Problem):
    """The lease is of no running apply, or has ended: nothing was changed. Begin the apply again."""

    code = "lease_not_accepted"
    kind = Kind.FORBIDDEN


class CredentialsNotAvailable(Problem):
    """The home of the credentials does not answer, or lends what has no fit end; the apply ended before it began."""

    code = "credentials_not_available"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class StateNotFound(Problem):
    """The estate has no state yet."""

    code = "state_not_found"
    kind = Kind.NOT_FOUND


class StateNotReadable(Problem):
    """What was handed in is no complete state of version 4: nothing was kept. Write it again, whole."""

    code = "state_not_readable"


class StateIsOfAnotherEstate(Problem):
    """The state says that it is of another estate, or its lineage is not this estate's."""

    code = "state_is_of_another_estate"
    kind = Kind.CONFLICT


class StateNotWritten(Problem):
    """The plan changes something, and no state was written under its apply: write it, or say that the apply failed."""

    code = "state_not_written"
    kind = Kind.CONFLICT


class StateIsOld(Problem):
    """The state's serial does not grow past the one that is kept, in ``fields.serial``."""

    code = "state_is_old"
    kind = Kind.CONFLICT


class StateIsLocked(Problem):
    """The state is locked by another; ``fields`` says by whom and until when."""

    code = "state_is_locked"
    kind = Kind.CONFLICT
    retry = Retry.LATER


class ApplyNotLost(Problem):
    """The last apply of the estate was neither lost nor failed, so no state is missing: plan and apply instead."""

    code = "apply_not_lost"
    kind = Kind.CONFLICT


class NothingToUnlock(Problem):
    """No apply holds the estate."""

    code = "nothing_to_unlock"
    kind = Kind.CONFLICT


class GlassNotFound(Problem):
    """The tenant has no such break-glass."""

    code = "break_glass_not_found"
    kind = Kind.NOT_FOUND


class GlassNotOpen(Problem):
    """The break-glass is of another estate or another's, was reviewed, or its time has passed: break one yourself."""

    code = "break_glass_not_open"
    kind = Kind.CONFLICT


class GlassNeedsReview(Problem):
    """A break-glass of this estate waits for its review, or waited too long: a second person reviews it first."""

    code = "break_glass_needs_review"
    kind = Kind.CONFLICT


class BreakerMayNotReview(Problem):
    """Whoever broke the glass, or is behind their key, does not review it: ask somebody else."""

    code = "breaker_may_not_review"
    kind = Kind.FORBIDDEN


class GlassIsReviewed(Problem):
    """The break-glass was reviewed already."""

    code = "break_glass_is_reviewed"
    kind = Kind.CONFLICT


class ControlNotKnown(Problem):
    """There is no control of this id."""

    code = "control_not_known"


class WaiverNotFound(Problem):
    """The tenant has no such waiver."""

    code = "waiver_not_found"
    kind = Kind.NOT_FOUND
