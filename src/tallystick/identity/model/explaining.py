"""Decisions in a sentence: which role, which delegation, which rule, what was missing."""

from collections.abc import Mapping, Sequence
from typing import Final

from tallystick.identity.api.access import APPROVAL, STEP_UP
from tallystick.identity.model.judging import Judged, Ruling
from tallystick.identity.model.standing import Delegation, Standing
from tallystick.kernel.money import figures_of
from tallystick.kernel.patterns import ANY_FURTHER

_VERBS: Final[Mapping[str, str]] = {
    "sign_in": "sign in",
    "ask": "ask for",
    "give": "give",
    "take": "take away",
    "status": "change how it stands, of",
    "limit": "set limits of",
    "risk": "set the risk of",
    "post": "post",
}
TOGETHER: Final = (
    (frozenset({"payments.file.submit", "payments.payment.make"}), "make payments"),
    (
        frozenset({"ledger.transaction.post", "ledger.transaction.hold"}),
        "move and hold money in the books",
    ),
    (
        frozenset(
            {
                "ledger.ledger.read", "ledger.account.read", "ledger.transaction.read", "wallets.wallet.read",
                "wallets.statement.read", "wallets.statement.export", "payments.payment.read", "payments.file.read",
                "payments.report.export",
            }
        ),
        "see accounts, wallets, statements and payments",
    ),
)  # fmt: skip
"""What is delegated together, by the words ``pay``, ``transfer`` and ``see``, and how it is said."""
_SLOTS: Final[Mapping[str, str]] = {"opening": "day's opening hours"}
_DAYS: Final = ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def action_words(action: str) -> str:
    """An action in plain words: ``ledger.account.open`` is "open an account (ledger)"."""
    context, noun, verb = action.split(".")
    article = "an" if noun[0] in "aeiou" else "a"
    said = _VERBS.get(verb, verb.replace("_", " "))
    return f"{said} {article} {noun.replace('_', ' ')} ({context})"


def explain(
    ruling: Ruling,
    standing: Standing,
    *,
    because: Mapping[str, str],
    titles: Mapping[str, str],
) -> str:
    """Say a ruling in a sentence. ``because`` are the policies' own words, by id, ``titles`` those of bundles."""
    words = ", ".join(action_words(one.action) for one in ruling.judged[:3])
    if len(ruling.judged) > 3:
        words += f" and {len(ruling.judged) - 3} more"
    if ruling.allowed:
        why = [_why(one, standing, because, titles) for one in ruling.judged]
        return f"{standing.holder} may {words}: {'; '.join(dict.fromkeys(why))}."
    denied = next(one for one in ruling.judged if not one.allowed)
    missing = {
        STEP_UP: " A fresh proof of a second factor would let it through.",
        APPROVAL: f" The agreement of {_people(ruling.needed)} would let it through.",
    }
    against = _against(denied, standing, because)
    return f"{standing.holder} may not {action_words(denied.action)}: {against}." + missing.get(
        ruling.missing, ""
    )


def because_of(
    ruling: Ruling, *, because: Mapping[str, str], titles: Mapping[str, str]
) -> tuple[str, ...]:
    """What each policy that decided says for itself, in the order of ``Ruling.reasons``."""
    return tuple(
        f'a role of theirs lets them "{titles[reason[7:]]}"'
        if reason.startswith("bundle.") and reason[7:] in titles
        else because.get(reason, reason)
        for reason in ruling.reasons
    )


def _people(count: int) -> str:
    return "another person" if count == 1 else f"{count} other people"


def _why(
    one: Judged, standing: Standing, because: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    bundles = [reason[7:] for reason in one.reasons if reason.startswith("bundle.")]
    if bundles:
        held = ", ".join(standing.roles) or "none"
        return f'"{titles.get(bundles[0], bundles[0])}" is in their roles ({held})'
    if one.delegation is not None:
        return f"delegation {one.delegation.delegation_id} lets them {delegation_words(one.delegation)}"
    return "; ".join(because.get(reason, reason) for reason in one.reasons)


def _against(one: Judged, standing: Standing, because: Mapping[str, str]) -> str:
    """What speaks against it: how far the delegation falls short, and the rules that forbid it."""
    forbids = [because.get(reason, reason) for reason in one.reasons]
    short = _short_of(one, standing)
    # A rule alone keeps out whom something lets through otherwise.
    return "; ".join(filter(None, [short if one.delegation or not forbids else "", *forbids]))


def _short_of(one: Judged, standing: Standing) -> str:
    """Why no role and no delegation lets it through; nothing when a delegation does."""
    held = ", ".join(standing.roles) or "none"
    facts = one.context["delegation"]
    if one.delegation is None:
        return f"no role of theirs ({held}) includes it, and no delegation in force is for it"
    name = one.delegation.delegation_id
    if not facts["covers"]:
        return f"delegation {name} does not cover these accounts, or this asset"
    if not facts["within_each"]:
        most = _figures(one.delegation.cap_each, one.delegation)
        return f"the amount is above what delegation {name} allows at once ({most})"
    if not facts["within_hours"]:
        return f"it is outside the hours of delegation {name} ({_hours(one.delegation)})"
    if not one.reasons:
        return f"delegation {name} covers it, but no role of theirs ({held}) lets them use one"
    return ""


def delegation_words(one: Delegation) -> str:
    """What a delegation lets somebody do, in words."""
    rest, acts = set(one.actions), list[str]()
    for meant, words in TOGETHER:
        if meant <= rest:
            rest -= meant
            acts.append(words)
    acts += sorted({action_words(action) for action in rest})
    said = ", ".join(acts[:4]) + (f" and {len(acts) - 4} more" if len(acts) > 4 else "")
    parts = [f"{said} on {_accounts(one.accounts)}"]
    if tuple(one.credits) != (ANY_FURTHER,):
        parts.append(f"to {_accounts(one.credits)}")
    if one.cap_each is not None:
        parts.append(f"up to {_figures(one.cap_each, one)} at once")
    if one.cap_slot is not None:
        parts.append(
            f"up to {_figures(one.cap_slot, one)} within each {_SLOTS.get(one.slot or '', one.slot)}"
        )
    if one.opens is not None or one.days:
        parts.append(_hours(one))
    if one.step_up_above is not None:
        parts.append(f"with a fresh proof above {_figures(one.step_up_above, one)}")
    if one.approvers:
        above = (
            f" above {_figures(one.approve_above, one)}" if one.approve_above is not None else ""
        )
        parts.append(
            f"when {_people(one.approvers)} agree{'s' if one.approvers == 1 else ''}{above}"
        )
    return ", ".join(parts)


def _figures(minor: int | None, one: Delegation) -> str:
    return "" if minor is None else figures_of(minor, one.asset or "")


def _accounts(patterns: Sequence[str]) -> str:
    if ANY_FURTHER in patterns:
        return "any account"
    # In quotes, so that the stops of a pattern are not read as those of the sentence.
    return " or ".join(f'"{pattern}"' for pattern in patterns[:3]) + (
        f" or {len(patterns) - 3} more" if len(patterns) > 3 else ""
    )


def _hours(one: Delegation) -> str:
    days = " ".join(_DAYS[day] for day in one.days)
    if one.opens is None or one.closes is None:
        return f"on {days} in {one.time_zone}"
    clock = f"from {_clock(one.opens)} to {_clock(one.closes)} in {one.time_zone}"
    return f"{clock} on {days}" if days else clock


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def person_words(
    name: str, titles: Sequence[str], delegations: Sequence[Delegation], *, further: int = 0
) -> str:
    """One plain sentence of what a person may do: what their roles are, then what was delegated to them.

    A title such as "Clerk: pays" is said as "Clerk, who pays". ``further`` counts the delegations beside these.
    """
    held = [title.replace(": ", ", who ", 1) for title in titles]
    said = [f"{name}: {'; '.join(held) or 'holds no role'}"]
    said += [f"may {delegation_words(one)}" for one in delegations]
    if further:
        said.append(f"and has {further} more delegation{'' if further == 1 else 's'}")
    return "; ".join(said) + "."
