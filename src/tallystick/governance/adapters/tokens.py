"""Tokens of the process's own identity at Google and Azure, so that nobody renews a file for it.

The clouds' own libraries find the identity: what Kubernetes federates, what a machine or pod has by its metadata
server, what variables name. What they fetch is kept here until near its end.
https://cloud.google.com/docs/authentication/application-default-credentials
https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

import calendar
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

GOOGLE: Final = "https://www.googleapis.com/auth/cloud-platform"
"""The scope of everything at Google: what the identity may do, its roles say."""

KEY_VAULT: Final = "https://vault.azure.net/.default"
MARGIN_S: Final = 240
"""So long before its end a token is renewed: Google's metadata server gives the same one until five minutes before."""

RETRY_S: Final = 30
TIMEOUT_S: Final = 10
# What a person at a workstation is logged in with.
_OF_DEVELOPERS: Final = (
    "shared_token_cache", "visual_studio_code", "cli", "developer_cli", "powershell", "broker",
)  # fmt: skip
_CLIENT: Final = ("ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET")

Fetch = Callable[[str], tuple[str, int]]
"""Give a token for a scope, and the second it ends at, counted from 1970. Raises NoIdentity."""


class NoIdentity(Exception):
    """The process has no identity at a cloud, or that gives it no token now; the message has no part of any answer."""


class _Kept(NamedTuple):
    token: str
    ends: int
    renews: int

    def __repr__(self) -> str:
        return f"_Kept({self.ends})"


class Tokens:
    """Tokens of one identity by their scope, each renewed before its end, by one caller at a time; safe in threads.

    Where it cannot be renewed it is used until its end, and fetched again every `RETRY_S` seconds at most.
    """

    def __init__(
        self, fetch: Fetch, *, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000_000
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._kept = dict[str, _Kept]()
        self._lock = threading.Lock()

    def held(self, scope: str) -> str | None:
        """The token that is at hand, or None when it must be fetched."""
        kept = self._kept.get(scope)
        return kept.token if kept and self._clock() < kept.renews else None

    def get(self, scope: str) -> str:
        """The token of a scope; it may take its time. Raises NoIdentity."""
        with self._lock:
            return self.held(scope) or self._renewed(scope)

    def _renewed(self, scope: str) -> str:
        now, kept = self._clock(), self._kept.get(scope)
        try:
            token, ends = self._fetch(scope)
        except NoIdentity:
            if kept is None or kept.ends <= now:
                raise
            token, ends = kept.token, kept.ends
        # A library may give a token again that ends soon: it is asked anew, though not by every request.
        renews = max(ends - MARGIN_S, min(now + RETRY_S, ends))
        self._kept[scope] = _Kept(token, ends, renews)
        return token


def google() -> Tokens:
    """Tokens by Google's Application Default Credentials. Raises ValueError when google-auth is not installed."""
    try:
        import google.auth  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415
    except ImportError:
        raise ValueError(
            "gcp by this process's own identity needs google-auth: pip install 'tallystick[gcp]'"
        ) from None
    request: Any = partial(Request(), timeout=TIMEOUT_S)
    found = dict[str, Any]()

    def fetch(scope: str) -> tuple[str, int]:
        try:
            if scope not in found:
                found[scope], _ = google.auth.default(scopes=[scope], request=request)
            found[scope].refresh(request)
        except (GoogleAuthError, OSError, ValueError) as error:
            raise NoIdentity(
                f"gcp gives this process no token ({type(error).__name__}): bind a service account to where it runs, "
                "or name one by GOOGLE_APPLICATION_CREDENTIALS"
            ) from None
        expiry = found[scope].expiry
        return found[scope].token, calendar.timegm(expiry.utctimetuple()) if expiry else 0

    return Tokens(fetch)


def azure(*, is_production: bool, given: Mapping[str, str] | None = None) -> Tokens:
    """Tokens by the client secret that `given` has as `ARM_…`, else by what runs the process.

    For production, what a developer is logged in with is left out. Raises ValueError when azure-identity is not
    installed.
    """
    try:
        from azure.core.exceptions import AzureError  # noqa: PLC0415
        from azure.identity import ClientSecretCredential, DefaultAzureCredential  # noqa: PLC0415
    except ImportError:
        raise ValueError(
            "azure by this process's own identity needs azure-identity: pip install 'tallystick[azure]'"
        ) from None
    client = [(given or {}).get(name, "") for name in _CLIENT]
    left_out = {f"exclude_{one}_credential": True for one in _OF_DEVELOPERS if is_production}
    made = list[Any]()

    def fetch(scope: str) -> tuple[str, int]:
        try:
            if not made:
                made.append(
                    # An authority that is named is not looked for among the public ones.
                    ClientSecretCredential(
                        *client, disable_instance_discovery="AZURE_AUTHORITY_HOST" in os.environ
                    )
                    if all(client)
                    else DefaultAzureCredential(**left_out)
                )
            token = made[0].get_token(scope)
        except (AzureError, OSError, ValueError) as error:
            raise NoIdentity(
                f"azure gives this process no token for {scope} ({type(error).__name__}): give it a managed or a "
                "workload identity, or name one by AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE"
            ) from None
        return token.token, token.expires_on

    return Tokens(fetch)
