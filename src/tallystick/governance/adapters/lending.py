"""The clouds' credentials, lent by OpenBao to one apply: read at `cloud/<environment>/<cloud>/<plan|apply>`.

What is read there are environment variables by name (KV version 1), or what an engine of OpenBao leases: then it ends
with its lease, and sooner when that very lease is taken back, which touches no other. A lease shorter than an apply may
last is made longer at once, where its engine lets it: https://openbao.org/api-docs/system/leases/#renew-lease
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tallystick.governance.adapters.homes.rest import Rest, rest_of_openbao
from tallystick.governance.model.homes import HomeRefused
from tallystick.governance.model.lending import CredentialsAway, Lent
from tallystick.runtime.openbao import access_of

SETTING: Final = "TALLYSTICK_CLOUD_CREDENTIALS"
VARIABLES_MAX: Final = 20
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_PATH: Final = re.compile(r"openbao:([A-Za-z0-9_{}/-]{1,200})")
# What engines call what they lease, and what Terraform's providers read.
_ENGINES: Final[Mapping[str, Mapping[str, str]]] = {
    "aws": {
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "security_token": "AWS_SESSION_TOKEN",
        "session_token": "AWS_SESSION_TOKEN",
    },
    "azure": {"client_id": "ARM_CLIENT_ID", "client_secret": "ARM_CLIENT_SECRET"},
    "gcp": {"token": "GOOGLE_OAUTH_ACCESS_TOKEN"},
}


class LentByOpenBao:
    """Implements `Credentials`; `path` has the places `{environment}`, `{cloud}` and `{purpose}`."""

    def __init__(self, *, rest: Rest, path: str) -> None:
        self._rest, self._path = rest, path

    async def lend(
        self, *, cloud: str, environment: str, purpose: str, lease: str, seconds: int
    ) -> Lent:
        """Lend the environment variables for one apply, for so long if that can be. Raises CredentialsAway."""
        path = self._at(cloud, environment, purpose)
        try:
            # The engine of AWS makes for so long what nobody can make longer afterwards.
            query = {"ttl": f"{seconds}s"} if cloud == "aws" else None
            reply = await self._rest.ask("GET", f"v1/{quote(path)}", query=query)
        except HomeRefused as error:
            raise CredentialsAway(str(error)) from None
        data = reply.body.get("data") if isinstance(reply.body, dict) else None
        if reply.status != 200 or not isinstance(data, dict):
            raise CredentialsAway(f"openbao has no credentials at {path} ({reply.status})")
        leased = _lease(reply.body)
        try:
            variables = _variables(data, cloud=cloud, path=path)
        except CredentialsAway:
            # What nobody was given has no use for living on.
            if leased:
                await self.take_back(lease=leased[0])
            raise
        if leased is None:
            return Lent(variables=variables)
        lease, lasts = leased
        if lasts < seconds and reply.body.get("renewable") is True:
            lasts = await self._longer(lease, seconds) or lasts
        return Lent(variables=variables, lease=lease, seconds=lasts)

    async def take_back(self, *, lease: str) -> None:
        """End what was lent by this lease, and nothing else. Raises CredentialsAway."""
        body = {"lease_id": lease, "sync": True}
        try:
            reply = await self._rest.ask("PUT", "v1/sys/leases/revoke", body=body)
        except HomeRefused as error:
            raise CredentialsAway(str(error)) from None
        if reply.status not in (200, 204):
            raise CredentialsAway(f"openbao does not end a lease ({reply.status})")

    async def close(self) -> None:
        """Close what is open."""
        await self._rest.close()

    async def _longer(self, lease: str, seconds: int) -> int:
        """Let a lease last so many seconds from now; give how many it does, 0 where it stays as it was."""
        body = {"lease_id": lease, "increment": seconds}
        try:
            reply = await self._rest.ask("PUT", "v1/sys/leases/renew", body=body)
        except HomeRefused:
            return 0
        kept = _lease(reply.body) if reply.status == 200 and isinstance(reply.body, dict) else None
        return kept[1] if kept and kept[0] == lease else 0

    def _at(self, cloud: str, environment: str, purpose: str) -> str:
        return self._path.format(cloud=cloud, environment=environment, purpose=purpose)


def _lease(body: dict[str, Any]) -> tuple[str, int] | None:
    """The lease and its seconds; what is only kept has a duration too, and no lease that ends with it."""
    lease, seconds = body.get("lease_id"), body.get("lease_duration")
    return (lease, seconds) if isinstance(lease, str) and lease and type(seconds) is int else None


def _variables(data: dict[Any, Any], *, cloud: str, path: str) -> dict[str, str]:
    """What Terraform reads. Raises CredentialsAway for what is no variable, which never says its value."""
    found, known = dict[str, str](), _ENGINES.get(cloud, {})
    for key, value in data.items():
        name = known.get(key) or str(key)
        if value is None or not _VARIABLE.fullmatch(name):
            # Engines also say such as the ARN of the role; nobody reads that.
            continue
        if not isinstance(value, str) or len(value) > 16_384:
            raise CredentialsAway(f"{path} in openbao has a {name} that is no text")
        found[name] = value
    if not 1 <= len(found) <= VARIABLES_MAX:
        raise CredentialsAway(
            f"{path} in openbao has {len(found)} environment variables: 1 to {VARIABLES_MAX} can be lent"
        )
    return found


def lender_of(given: Mapping[str, str]) -> LentByOpenBao | None:
    """What lends as `TALLYSTICK_CLOUD_CREDENTIALS` says; None without it. Raises ValueError for what cannot be used."""
    text = given.get(SETTING, "")
    if not text:
        return None
    match = _PATH.fullmatch(text)
    places = set(re.findall(r"\{(\w*)\}", text))
    if not match or places != {"environment", "cloud", "purpose"} or text.count("{") != 3:
        raise ValueError(
            f"{SETTING} is such as openbao:cloud/{{environment}}/{{cloud}}/{{purpose}}, not {text!r}"
        )
    rest = rest_of_openbao(access_of(given, setting=SETTING))
    return LentByOpenBao(rest=rest, path=match[1])
