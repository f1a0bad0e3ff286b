"""What whoever keeps the clouds' credentials is asked for."""

from collections.abc import Mapping
from typing import Protocol


class CredentialsAway(Exception):
    """The home of the credentials does not answer, or has none for this estate."""


class Credentials(Protocol):
    """The home of the clouds' credentials, at ``cloud/<environment>/<cloud>/<plan|apply>``.

    It is asked outside of every transaction. What it lends is handed on once and never kept.
    """

    async def lend(
        self, *, cloud: str, environment: str, purpose: str, lease: str, seconds: int
    ) -> Mapping[str, str]:
        """Lend the environment variables for one lease. Raises CredentialsAway."""
        ...

    async def take_back(self, *, cloud: str, environment: str, lease: str) -> None:
        """Let what was lent for a lease end now; one that is unknown changes nothing. Raises CredentialsAway."""
        ...
