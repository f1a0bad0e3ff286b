"""The laws of people and rights: what a role, a delegation and a rule may say. All checks raise Malformed."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tallystick.identity.api.rights import (
    MANY_MAX,
    ROLE_TITLE_MAX,
    GiveDelegation,
    GiveRole,
    MakeRole,
    SetRule,
)
from tallystick.identity.model.keys import checked_limit
from tallystick.identity.model.standing import APPROVERS_MAX, RISK_MAX, Delegation, Rule, Slot
from tallystick.kernel import instants
from tallystick.kernel.actions import Action
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import AMOUNT_DIGITS_MAX, Digits, to_int
from tallystick.kernel.patterns import PATTERNS_MAX, checked_pattern
from tallystick.kernel.problems import malformed

HELD_MAX: Final = 200
"""So many delegations a holder has at once, at most."""
ROLES_MAX: Final = 200
"""So many roles of its own a tenant makes, at most."""
STATUSES: Final = ("active", "suspended", "left")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ASSET: Final = re.compile(r"[A-Z0-9._]{1,16}")
_TRANSFER: Final = (
    Action.LEDGER_TRANSACTION_POST,
    Action.LEDGER_TRANSACTION_HOLD,
)
_PAY: Final = (Action.PAYMENTS_FILE_SUBMIT, Action.PAYMENTS_PAYMENT_MAKE)

__all__ = [
    "HELD_MAX",
    "ROLES_MAX",
    "STATUSES",
    "checked_delegation",
    "checked_limit",
    "checked_period",
    "checked_risk",
    "checked_role",
    "checked_rule",
    "checked_status",
]


def checked_status(text: str) -> str:
    """Answer how a person is to stand."""
    if text not in STATUSES:
        raise malformed("status", "a person is active, suspended, or has left")
    return text


def checked_risk(risk: int) -> int:
    """Answer a risk of 0 to 100."""
    if not 0 <= risk <= RISK_MAX:
        raise malformed("risk", f"a risk is 0 to {RISK_MAX}")
    return risk


def checked_role(message: MakeRole, *, bundles: Mapping[str, str]) -> None:
    """Check a role that is to be made of these bundles."""
    if not _ROLE.fullmatch(message.role):
        raise malformed("role", "a role is a word of a-z 0-9 _, at most 50 characters")
    if not 1 <= len(message.title) <= ROLE_TITLE_MAX or not message.title.isprintable():
        raise malformed("title", f"a title is 1 to {ROLE_TITLE_MAX} printable characters")
    if not 1 <= len(message.bundles) <= MANY_MAX:
        raise malformed("bundles", f"a role has 1 to {MANY_MAX} bundles")
    for bundle in message.bundles:
        if bundle not in bundles:
            raise malformed("bundles", f"there is no such bundle; there are {', '.join(bundles)}")


def checked_period(
    message: GiveRole | GiveDelegation, now: Instant
) -> tuple[Instant, Instant | None]:
    """Answer from when until when something is given, from now without a beginning."""
    from_at = _instant("from_at", message.from_at)
    until_at = _instant("until_at", message.until_at)
    if from_at is None:
        from_at = now
    if until_at is not None and until_at <= max(from_at, now):
        raise malformed("until_at", "it ends after it began, and not in the past")
    return from_at, until_at


def checked_delegation(
    message: GiveDelegation,
    *,
    delegation_id: str,
    now: Instant,
    groups: Mapping[str, Sequence[str]],
) -> Delegation:
    """Answer a delegation as it is kept."""
    from_at, until_at = checked_period(message, now)
    opens, closes = _minute("opens", message.opens), _minute("closes", message.closes)
    if (opens is None) != (closes is None) or (
        opens is not None and closes is not None and opens >= closes
    ):
        raise malformed("closes", "hours have a beginning and a later end, within one day")
    if not all(1 <= day <= 7 for day in message.days) or len(set(message.days)) < len(message.days):
        raise malformed("days", "days of the week are 1 (Monday) to 7, each once")
    if not 0 <= message.approvers <= APPROVERS_MAX:
        raise malformed("approvers", f"0 to {APPROVERS_MAX} others agree")
    if message.slot is not None and message.slot not in tuple(Slot):
        raise malformed("slot", f"a slot is one of {', '.join(Slot)}")
    if (message.cap_slot is None) != (message.slot is None):
        raise malformed("slot", "a slot and what it is capped at go together")
    if message.slot == Slot.OPENING and opens is None:
        raise malformed("slot", "a cap for opening hours needs opens and closes")
    amounts = {
        name: _amount(name, getattr(message, name))
        for name in ("cap_each", "cap_slot", "step_up_above", "approve_above")
    }
    if message.asset is not None and not _ASSET.fullmatch(message.asset):
        raise malformed("asset", "an asset is 1 to 16 of A-Z 0-9 . _")
    if message.asset is None and any(one is not None for one in amounts.values()):
        raise malformed("asset", "an amount is of an asset")
    return Delegation(
        delegation_id=delegation_id,
        holder=message.holder,
        actions=_actions(message.actions, groups),
        accounts=_patterns("accounts", message.accounts),
        credits=_patterns("credits", message.credits),
        asset=message.asset,
        slot=message.slot,
        opens=opens,
        closes=closes,
        days=message.days,
        time_zone=_zone(message.time_zone),
        from_at=from_at,
        until_at=until_at,
        approvers=message.approvers,
        **amounts,
    )


def demand_few_patterns(held: Sequence[Delegation]) -> None:
    """Raise Malformed when somebody would see by more patterns than a list takes, whatever action it is for."""
    for action in {action for one in held for action in one.actions}:
        seen = {pattern for one in held if action in one.actions for pattern in one.accounts}
        if len(seen) > PATTERNS_MAX:
            raise malformed(
                "accounts",
                f"somebody has at most {PATTERNS_MAX} patterns of accounts for one action",
            )


def checked_rule(message: SetRule) -> Rule:
    """Answer a rule as it is kept."""
    if len(message.networks) > 100 or len(message.countries) > 250:
        raise malformed("networks", "a rule names at most 100 networks and 250 countries")
    for network in message.networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise malformed("networks", str(error)) from None
    for country in message.countries:
        if not (len(country) == 2 and country.isascii() and country.isupper()):
            raise malformed("countries", "a country is two letters (ISO 3166-1 alpha-2)")
    if not 1 <= message.step_up_minutes <= 60:
        raise malformed("step_up_minutes", "a proof stays fresh for 1 to 60 minutes")
    return Rule(
        networks=message.networks,
        countries=message.countries,
        known_devices=message.known_devices,
        risk_max=checked_risk(message.risk_max),
        step_up_minutes=message.step_up_minutes,
    )


def _instant(field: str, text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        return instants.parse(text)
    except ValueError as error:
        raise malformed(field, str(error)) from None


def _minute(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    if text == "24:00":
        return 1_440
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise malformed(field, "a time of day is HH:MM, up to 24:00")
    return int(found[1]) * 60 + int(found[2])


def _amount(field: str, given: Digits | None) -> int | None:
    if given is None:
        return None
    try:
        amount = to_int(given)
    except ValueError as error:
        raise malformed(field, str(error)) from None
    least = 0 if field in ("step_up_above", "approve_above") else 1
    if not least <= amount < 10**AMOUNT_DIGITS_MAX:
        raise malformed(
            field, f"an amount is at least {least}, and at most {AMOUNT_DIGITS_MAX} digits"
        )
    return amount


def _actions(given: Sequence[str], groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The actions that are meant, words among them read out; only what a delegation can be for."""
    words = {"pay": _PAY, "transfer": _TRANSFER, "see": groups["delegable_reads"]}
    allowed = {*groups["pay"], *groups["delegable_reads"]}
    meant = [action for one in given for action in words.get(one, (one,))]
    for action in meant:
        if action not in allowed:
            raise malformed(
                "actions",
                "one of them is nothing that can be delegated: use pay, transfer, see, or an action of those",
            )
    if not 1 <= len(meant) <= MANY_MAX:
        raise malformed("actions", f"a delegation is for 1 to {MANY_MAX} actions")
    return tuple(dict.fromkeys(str(action) for action in meant))


def _patterns(field: str, given: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(given) <= MANY_MAX:
        raise malformed(field, f"there are 1 to {MANY_MAX} of them")
    return tuple(dict.fromkeys(checked_pattern(one, field) for one in given))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise malformed(
            "time_zone", "there is no such time zone; it is one such as Europe/Paris"
        ) from None
    return name


def clock_text(minute: int | None) -> str | None:
    """A minute of the day as ``HH:MM``."""
    return None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
