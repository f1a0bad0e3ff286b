"""Words, bounds and kinds of field that every message of the door uses."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta

from tallystick.kernel.fields import told

CLOUDS: Final = ("aws", "azure", "gcp")
ENVIRONMENTS: Final = ("development", "staging", "production")
"""In the order in which a commit walks through them."""
TEXT_MAX: Final = 500
# Together, written in base64, they fit into the 8 MiB that a request may have.
PLAN_BYTES_MAX: Final = 4 * 1024 * 1024
PLANFILE_BYTES_MAX: Final = 1_500_000
STATE_BYTES_MAX: Final = 5 * 1024 * 1024
GLASS_MINUTES_MAX: Final = 240
WAIVER_DAYS_MAX: Final = 90
REPORT_VERDICTS_MAX: Final = 20_000
DIFFERENCES_MAX: Final = 5_000
DIGESTS_MAX: Final = 100
PROVIDERS_MAX: Final = 20

EstateId = Annotated[
    str,
    Meta(
        description="An environment on a cloud, such as ``production-aws``.",
        extra_json_schema={"pattern": "^(development|staging|production)-(aws|azure|gcp)$"},
    ),
]
PlanId = Annotated[str, told("The id of a plan, ``pln_…``.")]
ApplyId = Annotated[str, told("The id of an apply, ``apl_…``.")]
Commit = Annotated[
    str,
    Meta(
        description="A commit of the repository: 40 or 64 hexadecimal digits.",
        extra_json_schema={"pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"},
    ),
]
Digest = Annotated[
    str,
    Meta(
        description="A SHA-256: 64 hexadecimal digits.",
        extra_json_schema={"pattern": "^[0-9a-f]{64}$"},
    ),
]
Reason = Annotated[
    str,
    Meta(
        description=f"Why, for whoever reads it later: 1 to {TEXT_MAX} characters.",
        extra_json_schema={"minLength": 1, "maxLength": TEXT_MAX},
    ),
]
ControlId = Annotated[str, told("The id of a control, such as ``aws.kms.rotation``.")]
Subject = Annotated[str, told("The address of what is judged, or the estate itself.")]
Token = Annotated[str, told("The lease of a running apply, as ``begin_apply`` answered it.")]
LockId = Annotated[
    str,
    Meta(
        description="What Terraform calls its lock: 1 to 64 printable ASCII characters.",
        extra_json_schema={"pattern": "^[!-~]{1,64}$"},
    ),
]


class PlanStatus(StrEnum):
    """Where a plan stands. A newer plan of its estate makes it ``superseded``, and no approval of it counts then."""

    SUBMITTED = "submitted"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class ApplyStatus(StrEnum):
    """Where an apply stands. One whose lease ended without a word of it is ``lost``, and holds nothing any more."""

    RUNNING = "running"
    APPLIED = "applied"
    FAILED = "failed"
    LOST = "lost"


class ApplyEnd(StrEnum):
    """How a runner says that an apply ended."""

    APPLIED = "applied"
    FAILED = "failed"


class Outcome(StrEnum):
    """What a control says."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


class ObligationStatus(StrEnum):
    """Where an obligation stands: a live pass meets it, a failure breaks it until it passes, time makes it overdue."""

    OPEN = "open"
    OVERDUE = "overdue"
    MET = "met"
    BROKEN = "broken"
    DROPPED = "dropped"


class Opinion(StrEnum):
    """What the second person says of a broken glass."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"
