"""The standing of whoever asks, and the facts a decision is made of: rows in, facts out; amounts are compared here.

Policies see yes and no and small numbers, never an amount (SECURITY.md, section 3), so nothing in them can overflow.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from tallystick.kernel.actions import Facts
from tallystick.kernel.callers import Cap
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.patterns import ANY_FURTHER, covers

APPROVERS_MAX: Final = 5
RISK_MAX: Final = 100


class Slot(StrEnum):
    """The stretch of time that a cap is for, in the delegation's time zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OPENING = "opening"


class Delegation(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``identity.delegation``: what one holder may do, on which accounts, how much and when.

    Amounts are minor units of ``asset``. ``opens`` and ``closes`` are minutes of the day in ``time_zone``, the second
    not included; ``days`` are those of the week, Monday 1, all when empty.
    """

    delegation_id: str
    holder: str
    actions: tuple[str, ...]
    accounts: tuple[str, ...]
    credits: tuple[str, ...]
    asset: str | None = None
    cap_each: int | None = None
    cap_slot: int | None = None
    slot: str | None = None
    opens: int | None = None
    closes: int | None = None
    days: tuple[int, ...] = ()
    time_zone: str = "UTC"
    from_at: Instant = 0
    until_at: Instant | None = None
    step_up_above: int | None = None
    approvers: int = 0
    approve_above: int | None = None

    def is_in_force(self, now: Instant) -> bool:
        """Whether it has begun and not ended."""
        return self.from_at <= now and (self.until_at is None or now < self.until_at)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant asks of whoever acts: networks and countries (all when empty), known devices, risk, freshness."""

    networks: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    known_devices: bool = False
    risk_max: int = RISK_MAX
    step_up_minutes: int = 5


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the session somebody acts in."""

    session_id: str
    methods: tuple[str, ...] = ()
    device_known: bool = False
    network: str = ""
    country: str = ""
    expires_at: Instant = 0
    mfa_at: Instant | None = None
    stepped_up_at: Instant | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decisions about one holder look at, as it was at ``loaded_at``.

    ``network`` is the address that asks now; without one, that of the session's beginning counts.
    """

    kind: str
    holder: str
    is_active: bool
    risk: int = 0
    roles: tuple[str, ...] = ()
    bundles: frozenset[str] = frozenset()
    delegations: tuple[Delegation, ...] = ()
    rule: Rule = Rule()
    sitting: Sitting | None = None
    loaded_at: Instant = 0
    network: str = ""


class Covering(msgspec.Struct, frozen=True, kw_only=True):
    """How far one delegation goes for one act."""

    delegation: Delegation
    covers: bool
    within_each: bool
    within_hours: bool
    wants_step_up: bool
    approvers: int

    @property
    def lets(self) -> bool:
        """Whether it lets the act through, apart from who must agree and a fresh proof."""
        return self.covers and self.within_each and self.within_hours

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int, bool]:
        """The order in which delegations are chosen: those that let it through first, then what asks least."""
        return (
            not self.lets,
            not self.covers,
            not self.within_each,
            not self.within_hours,
            self.approvers,
            self.wants_step_up,
        )


def local(delegation: Delegation, now: Instant) -> datetime:
    """The present in the delegation's time zone."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now)
    return moment.astimezone(ZoneInfo(delegation.time_zone))


def slot_of(delegation: Delegation, now: Instant) -> str:
    """Name the slot that the present is in: ``2026-11-28T14``, ``2026-11-28``, ``2026-W48`` or ``2026-11``."""
    there = local(delegation, now)
    match delegation.slot:
        case Slot.HOUR:
            # With its offset, since one hour comes twice when clocks go back.
            return there.strftime("%Y-%m-%dT%H%z")
        case Slot.WEEK:
            year, week, _ = there.isocalendar()
            return f"{year:04d}-W{week:02d}"
        case Slot.MONTH:
            return there.strftime("%Y-%m")
        case Slot.OPENING:
            return there.strftime("%Y-%m-%d/opening")
        case _:
            return there.strftime("%Y-%m-%d")


def cap_of(delegation: Delegation, now: Instant) -> Cap | None:
    """What the ledger is to count under a delegation, if it caps a slot."""
    if delegation.cap_slot is None or delegation.asset is None:
        return None
    return Cap(
        name=delegation.delegation_id,
        asset=delegation.asset,
        slot=slot_of(delegation, now),
        most=delegation.cap_slot,
    )


def covering(delegation: Delegation, facts: Facts, now: Instant) -> Covering:
    """Hold a delegation against what is asked."""
    total = max((moved.total for moved in facts.sums), default=0)
    largest = max((moved.largest for moved in facts.sums), default=0)
    above = delegation.approve_above
    return Covering(
        delegation=delegation,
        covers=_covers(delegation, facts),
        within_each=delegation.cap_each is None or largest <= delegation.cap_each,
        within_hours=_within_hours(delegation, now),
        wants_step_up=delegation.step_up_above is not None and total > delegation.step_up_above,
        approvers=delegation.approvers if above is None or total > above else 0,
    )


def _covers(delegation: Delegation, facts: Facts) -> bool:
    anywhere = ANY_FURTHER in delegation.accounts and ANY_FURTHER in delegation.credits
    if facts.unbounded:
        # Its accounts and amounts are not known beforehand: only what bounds none of them covers it, and nobody can
        # agree to what cannot be shown.
        return anywhere and delegation.asset is None and not delegation.approvers
    if facts.sums and not (facts.accounts and facts.credits):
        # Money that is said to come from, or go, nowhere: a fact that is missing is not covered.
        return anywhere
    if delegation.asset is not None and any(one.asset != delegation.asset for one in facts.sums):
        return False
    return all(_among(delegation.accounts, one) for one in facts.accounts) and all(
        _among(delegation.credits, one) for one in facts.credits
    )


def _among(patterns: Iterable[str], asked: str) -> bool:
    return any(covers(pattern, asked) for pattern in patterns)


def _within_hours(delegation: Delegation, now: Instant) -> bool:
    there = local(delegation, now)
    if delegation.days and there.isoweekday() not in delegation.days:
        return False
    if delegation.opens is None or delegation.closes is None:
        return True
    return delegation.opens <= there.hour * 60 + there.minute < delegation.closes


def chosen(
    delegations: Iterable[Delegation], action: str, facts: Facts, now: Instant
) -> Covering | None:
    """The delegation that an act is judged by: of those for the action the one that goes furthest and asks least."""
    found = [
        covering(one, facts, now)
        for one in delegations
        if action in one.actions and one.is_in_force(now)
    ]
    return min(found, key=lambda one: one.rank) if found else None


def seen_by(delegations: Iterable[Delegation], action: str, now: Instant) -> tuple[str, ...]:
    """The patterns of all accounts that delegations let somebody see: what a point decision says, for a list."""
    seen: dict[str, None] = {}
    for one in delegations:
        if action in one.actions and one.is_in_force(now) and _within_hours(one, now):
            seen.update(dict.fromkeys(one.accounts))
    return tuple(seen)


def is_fresh(standing: Standing, now: Instant) -> bool:
    """Whether a second factor was proven within what the tenant calls fresh."""
    sitting = standing.sitting
    if sitting is None or sitting.stepped_up_at is None:
        return False
    minutes = standing.rule.step_up_minutes
    return 0 <= now - sitting.stepped_up_at < minutes * 60 * SECOND


def context_of(
    standing: Standing,
    found: Covering | None,
    facts: Facts,
    *,
    now: Instant,
    approvals: int,
    scope: Sequence[str] | None = None,
    proven: bool = False,
) -> dict[str, Any]:
    """The facts that the policies see. ``proven`` answers as if a second factor had just been proven."""
    sitting, rule = standing.sitting, standing.rule
    network = standing.network or (sitting.network if sitting else "")
    # A person acts in a session; keys and clients are what they show.
    is_seated = standing.kind != "Person" or (sitting is not None and now < sitting.expires_at)
    bundles = standing.bundles if scope is None else standing.bundles & frozenset(scope)
    return {
        "in_force": standing.is_active and is_seated,
        "bundles": sorted(bundles),
        "mfa": proven or (sitting is not None and sitting.mfa_at is not None),
        "fresh": proven or is_fresh(standing, now),
        "network_allowed": _network_allowed(rule, network),
        "country_allowed": not rule.countries
        or (sitting.country if sitting else "") in rule.countries,
        "device_allowed": not rule.known_devices or (sitting is not None and sitting.device_known),
        "risk": standing.risk,
        "risk_max": rule.risk_max,
        "own": facts.person == standing.holder,
        "scoped": scope is not None,
        "approvals": min(approvals, APPROVERS_MAX),
        "delegation": _told(found),
    }


def _told(found: Covering | None) -> Mapping[str, Any]:
    if found is None:
        return {
            "found": False,
            "covers": False,
            "within_each": False,
            "within_hours": False,
            "wants_step_up": False,
            "approvers": 0,
        }
    return {
        "found": True,
        "covers": found.covers,
        "within_each": found.within_each,
        "within_hours": found.within_hours,
        "wants_step_up": found.wants_step_up,
        "approvers": found.approvers,
    }


def _network_allowed(rule: Rule, network: str) -> bool:
    if not rule.networks:
        return True
    try:
        address = ip_address(network)
    except ValueError:
        return False
    return any(
        address in found
        for found in (ip_network(text, strict=False) for text in rule.networks)
        if found.version == address.version
    )
