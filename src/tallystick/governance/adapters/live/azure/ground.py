"""Stand under every Azure kind: endpoints, tokens, keys of accounts, and changes that take their time."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx

from tallystick.governance.adapters import tokens
from tallystick.governance.adapters.live.azure.signing import shared_key
from tallystick.governance.adapters.live.rest.bearing import token_of
from tallystick.governance.adapters.live.rest.client import PAGES_MAX, Client, Pause
from tallystick.governance.adapters.provider.targets import TargetRefused

ENDPOINTS: Final[Mapping[str, str]] = {
    "management": "https://management.azure.com",
    "vault": "https://{vault}.vault.azure.net",
    "blob": "https://{account}.blob.core.windows.net",
}
SCOPES: Final[Mapping[str, str]] = {
    "management": "https://management.azure.com/.default",
    "vault": "https://vault.azure.net/.default",
    "blob": "https://storage.azure.com/.default",
}
TOKEN_VARIABLE: Final = "ARM_ACCESS_TOKEN"  # noqa: S105
KEY_VARIABLE: Final = "AZURE_STORAGE_KEY"
VAULT_VERSION: Final = "7.4"
BLOB_VERSION: Final = "2024-11-04"


class Azure:
    """One subscription of Azure, or servers that answer in its place.

    `endpoints` names the addresses of `management`, `vault` (with `{vault}` in it) and `blob` (with `{account}`); a
    service without one is not spoken to. With no endpoints at all, it is Azure itself. `names` says what each is
    called. `token` gives a token for a scope; `account_key` the key of a storage account, or "" to go by token there.
    """

    def __init__(
        self,
        *,
        subscription: str,
        tenant: str = "",
        endpoints: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        token: Callable[[str], str],
        account_key: Callable[[str], str] = lambda account: "",
        pause: Pause = time.sleep,
    ) -> None:
        self.subscription = subscription
        self.tenant = tenant
        self._endpoints = endpoints or ENDPOINTS
        self._names = names or {}
        self._token = token
        self._account_key = account_key
        self._pause = pause
        self._clients: dict[str, Client] = {}

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> "Azure":
        """Read a setting: `subscription`, `tenant`, `endpoints`, `names`, and the variables `token`, `account_key`.

        One setting has one ground in a process, so that kinds share connections, until `close_all`.
        """
        text = json.dumps(setting, sort_keys=True)
        if text not in _GROUNDS:
            key = str(setting.get("account_key") or KEY_VARIABLE)
            _GROUNDS[text] = cls(
                subscription=str(setting["subscription"]),
                tenant=str(setting.get("tenant") or ""),
                endpoints=setting.get("endpoints"),
                names=setting.get("names"),
                token=token_of(
                    variable=str(setting.get("token") or TOKEN_VARIABLE),
                    own=lambda: tokens.azure(is_production=True, given=os.environ),
                    endpoints=setting.get("endpoints"),
                    only=SCOPES["management"],
                ),
                account_key=lambda _account: os.environ.get(key, ""),
            )
        return _GROUNDS[text]

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def speaks(self, service: str) -> bool:
        """Tell whether an address of this service is set."""
        return service in self._endpoints

    def target(self, service: str) -> str:
        """Give the name that verdicts call this service's target."""
        return self._names.get(service, "azure")

    def management(self) -> Client:
        """Give the client of Resource Manager."""
        return self._client("management", self._endpoints["management"], self._bearer("management"))

    def vault(self, name: str) -> Client:
        """Give the client of a key vault."""
        base = self._endpoints["vault"].format(vault=name)
        return self._client("vault", base, self._bearer("vault"))

    def blobs(self, account: str) -> Client:
        """Give the client of a storage account's blobs, signed with the account's key where there is one."""
        base = self._endpoints["blob"].format(account=account)
        key = self._account_key(account)
        bearer = self._bearer("blob")

        def sign(request: httpx.Request) -> Mapping[str, str]:
            dated = {"x-ms-date": _date(), "x-ms-version": BLOB_VERSION}
            if not key:
                return {**dated, **bearer(request)}
            request.headers.update(dated)
            return {"Authorization": shared_key(request, account=account, key=key)}

        return self._client("blob", base, sign)

    def find(self, place: str, version: str) -> dict[str, Any] | None:
        """Give the resource of an id, or None where there is none."""
        query = {"api-version": version}
        answer = self.management().ask("GET", place, query=query, good=(404,))
        return None if answer.status == 404 else answer.body

    def pages(
        self, client: Client, path: str, query: Mapping[str, str]
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list that comes in pages, none where there is no such list."""
        where, asked = path, dict(query)
        for _ in range(PAGES_MAX):
            answer = client.ask("GET", where, query=asked, good=(404,))
            if answer.status == 404:
                return
            yield from answer.body.get("value") or ()
            where, asked = answer.body.get("nextLink"), {}
            if not where:
                return
        raise TargetRefused(f"{client.name} gives over {PAGES_MAX} pages of {path}")

    def settled(self, place: str, version: str) -> dict[str, Any]:
        """Wait until a resource's making or change has ended, and give it; one that failed is a refusal."""
        last: dict[str, Any] = {}

        def done() -> bool:
            nonlocal last
            last = self.find(place, version) or {}
            state = (last.get("properties") or {}).get("provisioningState")
            if state in ("Failed", "Canceled"):
                raise TargetRefused(
                    f"{self.target('management')} says that {place} {state.lower()}; see its activity"
                    " log, correct the cause, and run the same again"
                )
            return state in (None, "Succeeded")

        self.management().wait(done, what=f"making {place}")
        return last

    def _bearer(self, service: str) -> Callable[[httpx.Request], Mapping[str, str]]:
        return lambda _request: {"Authorization": f"Bearer {self._token(SCOPES[service])}"}

    def _client(
        self, service: str, base: str, sign: Callable[[httpx.Request], Mapping[str, str]]
    ) -> Client:
        if base not in self._clients:
            name = f"{self.target(service)}'s {service}"
            self._clients[base] = Client(name=name, base=base, sign=sign, pause=self._pause)
        return self._clients[base]


def _date() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())


_GROUNDS: Final[dict[str, Azure]] = {}


def close_all() -> None:
    """Close every connection that was opened by a setting, and forget the grounds: whoever serves there has gone."""
    for ground in _GROUNDS.values():
        ground.close()
    _GROUNDS.clear()
