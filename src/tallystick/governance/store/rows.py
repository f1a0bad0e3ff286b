"""What a row of each table is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A plan without its bytes."""

    plan_id: str
    estate: str
    commit_id: str
    base: str
    hash: bytes
    planfile_digest: bytes
    tool: str
    providers: Mapping[str, str]
    counts: Mapping[str, int]
    author: str
    submitted_at: Instant
    status: str

    @property
    def environment(self) -> str:
        """The environment of its estate."""
        return self.estate.partition("-")[0]

    @property
    def cloud(self) -> str:
        """The cloud of its estate."""
        return self.estate.partition("-")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """A verdict of a plan."""

    number: int
    control: str
    subject: str
    outcome: str
    severity: str
    reasons: tuple[str, ...]
    waiver: str | None
    until_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRow:
    """An apply."""

    apply_id: str
    plan_id: str
    estate: str
    token_hash: bytes
    begun_by: str
    begun_at: Instant
    until_at: Instant
    passed_over: tuple[str, ...]
    status: str
    lock_id: str | None
    ended_at: Instant | None
    serial: int | None
    credential_lease: str | None
    break_glass_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassRow:
    """A break-glass."""

    break_glass_id: str
    estate: str
    reason: str
    broken_by: str
    broken_at: Instant
    until_at: Instant
    review_by: Instant
    reviewed_by: str | None
    reviewed_at: Instant | None
    opinion: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRow:
    """A waiver."""

    waiver_id: str
    estate: str
    control: str
    subject: str
    reason: str
    decision: str
    given_by: str
    given_at: Instant
    until_at: Instant
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationRow:
    """An obligation."""

    obligation_id: str
    plan_id: str
    hash: bytes
    estate: str
    control: str
    subject: str
    due_at: Instant
    ended_at: Instant | None
    ending: str | None
    report_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that was done."""

    number: int
    recorded_at: Instant
    actor: str
    tag: str
    done_on: str
    estate: str
    outcome: str
    content: Mapping[str, Any]
