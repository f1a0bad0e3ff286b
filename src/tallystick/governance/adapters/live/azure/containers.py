"""Containers of blobs, by the storage account's own interface.

Source: https://learn.microsoft.com/rest/api/storageservices/operations-on-containers.
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no types

from tallystick.governance.adapters.live.azure.accounts import ACCOUNT, VERSION
from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.rest.client import PAGES_MAX, Client
from tallystick.governance.adapters.live.rest.shapes import Values
from tallystick.governance.adapters.provider.targets import TargetRefused

_CONTAINER: Final = {"restype": "container"}
_PUBLIC: Final = "x-ms-blob-public-access"
_META: Final = "x-ms-meta-"


class Containers:
    """The containers of the storage accounts of one subscription: the five verbs."""

    def __init__(self, *, azure: Azure) -> None:
        self.azure = azure
        self.name = azure.target("blob")

    def create(self, kind: str, values: Values) -> Values:
        """Make it."""
        headers = {**_reach(values), **_metadata(values)}
        self._client(values).ask("PUT", f"/{values['name']}", query=_CONTAINER, headers=headers)
        return self._live(kind, values)

    def read(self, kind: str, values: Values) -> Values | None:
        """Give it as it is live, or None."""
        values = _identified(values)
        path = f"/{values['name']}"
        answer = self._client(values).ask("GET", path, query=_CONTAINER, good=(404,))
        return None if answer.status == 404 else _told(values, answer.headers)

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change who may read it, and its metadata."""
        client, path = self._client(values), f"/{values['name']}"
        asked = {**_CONTAINER, "comp": "acl"}
        client.ask("PUT", path, query=asked, headers=_reach(values))
        asked = {**_CONTAINER, "comp": "metadata"}
        client.ask("PUT", path, query=asked, headers=_metadata(values))
        return self._live(kind, {**values, "id": prior.get("id")})

    def delete(self, kind: str, values: Values) -> None:
        """Delete it; what is gone already is no error."""
        values = _identified(values)
        path = f"/{values['name']}"
        self._client(values).ask("DELETE", path, query=_CONTAINER, good=(404,))

    def _of(self, account: str) -> list[Values]:
        known = {"storage_account_id": account}
        client, marker = self._client(known), ""
        found: list[Values] = []
        for _ in range(PAGES_MAX):
            asked = {"comp": "list", **({"marker": marker} if marker else {})}
            answer = client.ask("GET", "/", query=asked, good=(404,))
            if answer.status == 404:
                return found
            page = etree.fromstring(answer.text.encode())
            for name in page.findall(".//Container/Name"):
                live = self.read("", {**known, "name": str(name.text)})
                if live is not None:
                    found.append(live)
            marker = page.findtext("NextMarker") or ""
            if not marker:
                return found
        raise TargetRefused(f"{client.name} gives over {PAGES_MAX} pages of containers")

    def _client(self, values: Mapping[str, Any]) -> Client:
        account = values.get("storage_account_name")
        return self.azure.blobs(str(account or _last(values.get("storage_account_id"))))

    def _live(self, kind: str, values: Values) -> Values:
        live = self.read(kind, values)
        if live is None:
            raise TargetRefused(f"{self.name} no longer has {values['name']}; plan again")
        return live

    def list(self, kind: str) -> list[Values]:
        """Give every container of every storage account that Resource Manager knows."""
        path = f"/subscriptions/{self.azure.subscription}/providers/{ACCOUNT}"
        query = {"api-version": VERSION}
        accounts = self.azure.pages(self.azure.management(), path, query)
        return [each for account in accounts for each in self._of(str(account["id"]))]


def _last(text: Any) -> str:
    last = str(text or "").rstrip("/").rsplit("/", 1)[-1]
    if not last:
        raise TargetRefused("storage_account_id or storage_account_name must be known")
    return last


def _identified(values: Values) -> Values:
    """Read account and name out of the id where they are not there themselves: at an import."""
    if values.get("name") or not values.get("id"):
        return values
    account, _, name = str(values["id"]).partition("/blobServices/default/containers/")
    return {**values, "storage_account_id": account, "name": name}


def _reach(values: Mapping[str, Any]) -> dict[str, str]:
    access = values.get("container_access_type") or "private"
    return {} if access == "private" else {_PUBLIC: str(access)}


def _metadata(values: Mapping[str, Any]) -> dict[str, str]:
    return {f"{_META}{name}": str(text) for name, text in (values.get("metadata") or {}).items()}


def _told(values: Values, headers: httpx.Headers) -> Values:
    known_access = values.get("container_access_type")
    access = headers.get(_PUBLIC) or "private"
    seen = {
        name.removeprefix(_META): text
        for name, text in headers.items()
        if name.lower().startswith(_META)
    }
    known: dict[str, str] = values.get("metadata") or {}
    place = values.get("storage_account_id") or f"/{values.get('storage_account_name')}"
    return {
        **values,
        "container_access_type": known_access if access == (known_access or "private") else access,
        "metadata": values.get("metadata") if known == seen else seen,
        "has_immutability_policy": headers.get("x-ms-has-immutability-policy") == "true",
        "has_legal_hold": headers.get("x-ms-has-legal-hold") == "true",
        "id": values.get("id") or f"{place}/blobServices/default/containers/{values['name']}",
    }
