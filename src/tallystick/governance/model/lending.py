"""What whoever keeps the clouds' credentials is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tallystick.governance.model.values import ENVIRONMENTS


class CredentialsAway(Exception):
    """The home of the credentials does not answer, or has none for this estate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """What was lent: environment variables, and the lease by which they end; without one they are only kept there."""

    variables: Mapping[str, str] = field(repr=False)
    lease: str | None = None
    seconds: int = 0


def fault_of(lent: Lent, *, environment: str, least: int) -> str:
    """Why this cannot be lent to an apply; '' when it can.

    Production takes nothing that does not end by itself, nor what could end in the middle of the longest apply.
    """
    if environment != ENVIRONMENTS[-1]:
        return ""
    if lent.lease is None or not lent.seconds:
        return f"{environment} is lent only what ends by itself: use an engine that leases, not what is kept"
    if lent.seconds < least:
        return (
            f"the credentials of {environment} end after {lent.seconds} s, maybe in mid-apply: "
            f"let their engine lease {least} s or more"
        )
    return ""


class Credentials(Protocol):
    """The home of the clouds' credentials, at ``cloud/<environment>/<cloud>/<plan|apply>``.

    It is asked outside of every transaction. What it lends is handed on once and never kept.
    """

    async def lend(
        self, *, cloud: str, environment: str, purpose: str, lease: str, seconds: int
    ) -> Lent:
        """Lend the environment variables for one apply. Raises CredentialsAway."""
        ...

    async def take_back(self, *, lease: str) -> None:
        """Let exactly what was lent by this lease end now. Raises CredentialsAway."""
        ...
