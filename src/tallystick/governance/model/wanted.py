"""What is asked, read: bounds and forms that every message must have. Raises Malformed, and leaves nothing behind."""

import re
from typing import Final

from tallystick.governance.api import (
    CLOUDS,
    DIFFERENCES_MAX,
    DIGESTS_MAX,
    ENVIRONMENTS,
    GLASS_MINUTES_MAX,
    PLAN_BYTES_MAX,
    PLANFILE_BYTES_MAX,
    PROVIDERS_MAX,
    REPORT_VERDICTS_MAX,
    TEXT_MAX,
    RecordSecretStep,
    SubmitPlan,
    SubmitReport,
)
from tallystick.governance.model.rotation import STEPS
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import SECOND, Instant, parse
from tallystick.kernel.problems import malformed

ESTATES: Final = frozenset(
    f"{environment}-{cloud}" for environment in ENVIRONMENTS for cloud in CLOUDS
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LOCK: Final = re.compile(r"[!-~]{1,64}")
_SECRET: Final = re.compile(r"[a-z0-9][a-z0-9._/-]{0,63}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
# Those of the state machine, what is told between two of them, and what a sync does.
SECRET_STEPS: Final = frozenset(
    {
        *STEPS, "turned_back", "looked_after", "left_unproven", "rings", "proven_dead", "still_alive", "unnamed",
        "vouched", "consumer_left", "consumer_came", "home_left",
        "written", "drift_changed", "drift_deleted", "drift_not_ours",
    }
)  # fmt: skip
_ADDRESS_MAX: Final = 500
_OBSERVED_MAX: Final = 3_600 * SECOND


def estate(text: str) -> str:
    """An estate that there is."""
    if text not in ESTATES:
        raise malformed("estate", "is an environment and a cloud, such as production-aws")
    return text


def maybe_estate(text: str | None) -> str | None:
    """An estate, or none."""
    return None if text is None else estate(text)


def page_limit(limit: int) -> int:
    """How many items a page has."""
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"lies between 1 and {PAGE_MAX}")
    return limit


def cursor(after: str | None, *, kind: str, first: str) -> str:
    """Where a page begins: after an id of ours, or ``first``."""
    if after is None:
        return first
    if not re.fullmatch(rf"{kind}_[0-9a-z]{{26}}", after):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return after


def number_cursor(after: str | None) -> int:
    """Where a page of numbered rows begins."""
    if after is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,18}", after):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return int(after)


def reason(text: str, where: str = "reason") -> str:
    """Why, in a few words."""
    return _text(text, where, least=1, most=TEXT_MAX)


def instant(text: str, where: str) -> Instant:
    """A time."""
    try:
        return parse(text)
    except ValueError as error:
        raise malformed(where, str(error)) from None


def lock(text: str) -> str:
    """A lock's name."""
    return _like(_LOCK, text, "lock", "1 to 64 printable ASCII characters")


def minutes(count: int) -> int:
    """How long a glass stays broken."""
    if not 1 <= count <= GLASS_MINUTES_MAX:
        raise malformed("minutes", f"lie between 1 and {GLASS_MINUTES_MAX}")
    return count


def subject(text: str) -> str:
    """The address of what is judged."""
    return _text(text, "subject", least=1, most=_ADDRESS_MAX)


def plan(message: SubmitPlan) -> SubmitPlan:
    """A plan as it is handed in, before it is read."""
    estate(message.estate)
    for name, commit in (("commit", message.commit), ("base", message.base)):
        _like(_COMMIT, commit, name, "40 or 64 hexadecimal digits")
    for name, content, most in (
        ("plan", message.plan, PLAN_BYTES_MAX),
        ("planfile", message.planfile, PLANFILE_BYTES_MAX),
    ):
        if not 1 <= len(content) <= most:
            raise malformed(name, f"has 1 to {most} bytes")
    _text(message.tool, "tool", least=1, most=64)
    if len(message.providers) > PROVIDERS_MAX:
        raise malformed("providers", f"at most {PROVIDERS_MAX}")
    for address, version in message.providers.items():
        _text(address, "providers", least=1, most=200)
        _text(version, "providers", least=1, most=64)
    return message


def report(message: SubmitReport, *, at: Instant) -> Instant:
    """A live report; answers when it was observed."""
    estate(message.estate)
    observed = instant(message.observed_at, "observed_at")
    if not at - _OBSERVED_MAX <= observed <= at:
        raise malformed("observed_at", "lies within the last hour")
    for name, items, most in (
        ("verdicts", message.verdicts, REPORT_VERDICTS_MAX),
        ("differences", message.differences, DIFFERENCES_MAX),
        ("digests", message.digests, DIGESTS_MAX),
    ):
        if len(items) > most:
            raise malformed(name, f"at most {most}")
    for digest in (*message.digests.values(), *(one.digest for one in message.differences)):
        _like(_DIGEST, digest, "digests", "64 hexadecimal digits")
    if message.since is not None and instant(message.since, "since") > observed:
        raise malformed("since", "is no later than observed_at")
    for name, count in (("unseen", message.unseen), ("alarms", message.alarms)):
        if not 0 <= count < 2**31:
            raise malformed(name, "is a whole number from 0")
    if message.rules is not None:
        _like(_DIGEST, message.rules, "rules", "64 hexadecimal digits")
    if message.commit is not None:
        _like(_COMMIT, message.commit, "commit", "40 or 64 hexadecimal digits")
    return observed


def secret_step(message: RecordSecretStep, *, secrets: frozenset[str] | None) -> RecordSecretStep:
    """A step of a rotation of one of these, of any where none are listed: words and digests, and no secret."""
    _like(_SECRET, message.secret, "secret", "1 to 64 of a-z 0-9 . _ - /")
    environment, _, name = message.secret.partition("/")
    if secrets is not None and not (environment in ENVIRONMENTS and name in secrets):
        raise malformed(
            "secret", "is an environment and one of policies/secrets.toml: production/…"
        )
    _like(_WORD, message.home, "home", "1 to 32 of a-z 0-9 _, beginning with a letter")
    if message.step not in SECRET_STEPS:
        raise malformed("step", f"is one of {', '.join(sorted(SECRET_STEPS))}")
    if message.consumer:
        _like(_SECRET, message.consumer, "consumer", "1 to 64 of a-z 0-9 . _ - /")
    if message.digest is not None:
        _like(_DIGEST, message.digest, "digest", "64 hexadecimal digits")
    if not 0 <= message.version < 2**31:
        raise malformed("version", "is a whole number from 0")
    return message


def problem(text: str) -> str:
    """What went wrong, or nothing."""
    return _text(text, "problem", least=0, most=TEXT_MAX)


def _text(text: str, where: str, *, least: int, most: int) -> str:
    if not least <= len(text) <= most or "\0" in text:
        raise malformed(where, f"has {least} to {most} characters")
    return text


def _like(pattern: re.Pattern[str], text: str, where: str, form: str) -> str:
    if not pattern.fullmatch(text):
        raise malformed(where, f"is {form}")
    return text
