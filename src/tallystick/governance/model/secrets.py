"""The list of secrets: what each is, where it lives, how it is made and ended, and who must say that they use it."""

import re
from typing import Final, Literal

import msgspec

from tallystick.governance.model.values import ENVIRONMENTS, Environment

HomeName = Literal["openbao", "aws", "gcp", "azure"]
KindName = Literal["postgres_role", "api_key", "webhook_hmac", "random", "dynamic"]
SECRETS_MAX: Final = 200
CONSUMERS_MAX: Final = 20
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# PostgreSQL cuts a longer name off; one in lower case needs no quotes.
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400}


class BadList(ValueError):
    """The list of secrets cannot be read, or contradicts itself: nothing is done by it."""


class SecretSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One secret of the list.

    `homes` are the copies beside the primary home, by environment. `rotate_after` is when a new one is due, `grace` how
    long consumers may take to acknowledge it before it rings, `max_age` when it is too old to be trusted; all three
    are spans such as `90d`. `on_drift` says what a sync does with a copy that somebody changed: `stop` reports it and
    leaves it, `overwrite` reports it and writes over it.
    """

    name: str
    what: str
    class_: Literal["confidential", "secret"] = msgspec.field(name="class")
    owner: str
    kind: KindName
    primary: Literal["openbao"]
    homes: dict[Environment, tuple[HomeName, ...]]
    consumers: tuple[str, ...]
    rotate_after: str
    grace: str
    max_age: str
    on_drift: Literal["stop", "overwrite"] = "stop"
    roles: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()

    @property
    def grace_s(self) -> int:
        """How many seconds consumers have to acknowledge."""
        return seconds_of(self.grace)

    @property
    def lives_in_homes(self) -> bool:
        """Whether the homes are all that knows it, so that ending its copies ends it."""
        return self.kind in ("random", "webhook_hmac")


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: tuple[SecretSpec, ...]


def read_secrets(text: str) -> dict[str, SecretSpec]:
    """Read `policies/secrets.toml`, by name. Raises BadList saying which secret is wrong, and what to write."""
    try:
        written = msgspec.toml.decode(text, type=_Written)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadList(f"the list of secrets cannot be read: {error}") from None
    if not 1 <= len(written.secret) <= SECRETS_MAX:
        raise BadList(f"the list has 1 to {SECRETS_MAX} secrets, not {len(written.secret)}")
    found: dict[str, SecretSpec] = {}
    for spec in written.secret:
        if spec.name in found:
            raise BadList(f"{spec.name} is in the list twice: leave one")
        _demand_sound(spec)
        found[spec.name] = spec
    return found


def seconds_of(span: str) -> int:
    """Read a span such as `90d`, `12h` or `10m`, in seconds. Raises BadList."""
    match = _SPAN.fullmatch(span)
    if not match:
        raise BadList(f"a span is a number with m, h or d after it, such as 90d, not {span!r}")
    return int(match[1]) * _SECONDS[match[2]]


def _demand_sound(spec: SecretSpec) -> None:
    def demand(holds: bool, complaint: str) -> None:
        if not holds:
            raise BadList(f"{spec.name}: {complaint}")

    demand(len(spec.name) <= 60 and bool(_NAME.fullmatch(spec.name)), "a name is like-this-1")
    demand(bool(spec.what and spec.owner), "say what it is, and whose")
    demand(set(spec.homes) == set(ENVIRONMENTS), f"homes are said for {', '.join(ENVIRONMENTS)}")
    for copies in spec.homes.values():
        demand(spec.primary not in copies, f"{spec.primary} is the primary, and no copy")
        demand(len(set(copies)) == len(copies), "a home is named twice")
    demand(len(set(spec.consumers)) == len(spec.consumers), "a consumer is named twice")
    demand(1 <= len(spec.consumers) <= CONSUMERS_MAX, f"it has 1 to {CONSUMERS_MAX} consumers")
    demand(all(map(_NAME.fullmatch, spec.consumers)), "a consumer is named like-this")
    grace, due, most = map(seconds_of, (spec.grace, spec.rotate_after, spec.max_age))
    demand(grace < due <= most, "grace < rotate_after <= max_age does not hold")
    is_pair = len(set(spec.roles)) == 2 and all(map(_ROLE.fullmatch, spec.roles))
    demand(
        is_pair if spec.kind == "postgres_role" else not spec.roles,
        "a postgres_role has two roles that take turns, and no other kind has any",
    )
    demand(
        not spec.holds or spec.kind == "api_key",
        "an api_key may say which roles it holds, and no other kind does",
    )
    demand(
        spec.kind != "dynamic" or not any(spec.homes.values()),
        "a dynamic secret is leased from its primary home, and has no copies",
    )
