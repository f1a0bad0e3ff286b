"""Stand under every GCP kind: endpoints, tokens, operations that take their time, and identities read out of ids."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from tallystick.governance.adapters import tokens
from tallystick.governance.adapters.live.rest.bearing import token_of
from tallystick.governance.adapters.live.rest.client import PAGES_MAX, Answered, Client, Pause
from tallystick.governance.adapters.provider.targets import TargetRefused

ENDPOINTS: Final[Mapping[str, str]] = {
    "storage": "https://storage.googleapis.com",
    "kms": "https://cloudkms.googleapis.com",
    "secretmanager": "https://secretmanager.googleapis.com",
    "compute": "https://compute.googleapis.com",
    "sql": "https://sqladmin.googleapis.com",
    "iam": "https://iam.googleapis.com",
    "projects": "https://cloudresourcemanager.googleapis.com",
    "logging": "https://logging.googleapis.com",
    "cloudasset": "https://cloudasset.googleapis.com",
}
TOKEN_VARIABLE: Final = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105
"""The variable that Google's own provider reads its token from."""


class Gcp:
    """One project of GCP, or servers that answer in its place.

    `endpoints` names an address for each service that is spoken to; a service without one is refused, so that nothing
    meant for a server here ever goes out. With no endpoints at all, it is GCP itself. `names` says what each is called.
    """

    def __init__(
        self,
        *,
        project: str,
        regions: tuple[str, ...] = (),
        endpoints: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        token: Callable[[], str],
        pause: Pause = time.sleep,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000_000,
    ) -> None:
        self.project = project
        self.clock = clock
        self.regions = regions
        self.policies = threading.Lock()
        """Held while one policy is read, changed and written: some servers take the last writer's word for all."""
        self._endpoints = endpoints or ENDPOINTS
        self._names = names or {}
        self._token = token
        self._pause = pause
        self._clients: dict[str, Client] = {}

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> "Gcp":
        """Read a setting: `project`, `regions`, `endpoints`, `names`, `token` (the variable that has the token).

        One setting has one ground in a process, so that kinds share connections and locks, until `close_all`.
        """
        key = json.dumps(setting, sort_keys=True)
        if key not in _GROUNDS:
            _GROUNDS[key] = cls(
                project=str(setting["project"]),
                regions=tuple(setting.get("regions") or ()),
                endpoints=setting.get("endpoints"),
                names=setting.get("names"),
                token=partial(
                    token_of(
                        variable=str(setting.get("token") or TOKEN_VARIABLE),
                        own=tokens.google,
                        endpoints=setting.get("endpoints"),
                    ),
                    tokens.GOOGLE,
                ),
            )
        return _GROUNDS[key]

    @property
    def region(self) -> str | None:
        """The region of what names none."""
        return self.regions[0] if self.regions else None

    def target(self, service: str) -> str:
        """Give the name that verdicts call this service's target."""
        return self._names.get(service, "gcp")

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def speaks(self, service: str) -> bool:
        """Tell whether an address of this service is set."""
        return service in self._endpoints

    def client(self, service: str) -> Client:
        """Give the client of a service, made once."""
        if service not in self._clients:
            if service not in self._endpoints:
                raise TargetRefused(
                    f"no endpoint of GCP's {service} is set; name one under `gcp.endpoints`"
                )
            self._clients[service] = Client(
                name=f"{self.target(service)}'s {service}",
                base=self._endpoints[service],
                sign=lambda _request: {"Authorization": f"Bearer {self._token()}"},
                pause=self._pause,
            )
        return self._clients[service]

    def find(self, service: str, path: str, query: Mapping[str, str] | None = None) -> Any | None:
        """Give what is at a path, or None where there is nothing."""
        answer = self.client(service).ask("GET", path, query=query, good=(404,))
        return None if answer.status == 404 else answer.body

    def pages(
        self, service: str, path: str, member: str, query: Mapping[str, str] | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list that comes in pages."""
        asked = dict(query or {})
        for _ in range(PAGES_MAX):
            page = self.find(service, path, asked)
            if page is None:
                return
            yield from page.get(member) or ()
            if not page.get("nextPageToken"):
                return
            asked["pageToken"] = page["nextPageToken"]
        raise TargetRefused(f"{self.target(service)} gives over {PAGES_MAX} pages of {path}")

    def finish(self, service: str, answer: Answered, path: str) -> None:
        """Wait for the operation that an answer names, if it names one; its error is a refusal."""
        kind = str(answer.body.get("kind") or "") if isinstance(answer.body, Mapping) else ""
        if not kind.endswith("#operation"):
            return
        last: dict[str, Any] = dict(answer.body)
        place = self._operation(service, path, last)

        def done() -> bool:
            nonlocal last
            if last.get("status") != "DONE":
                last = self.find(service, place) or last
            return last.get("status") == "DONE"

        self.client(service).wait(done, what=str(last.get("operationType") or "a change"))
        if fault := (last.get("error") or {}).get("errors"):
            why = "; ".join(str(each.get("message") or each.get("code")) for each in fault)
            raise TargetRefused(f"{self.target(service)} did not finish {path}: {why}")

    def _operation(self, service: str, path: str, operation: Mapping[str, Any]) -> str:
        name = operation.get("name")
        if service == "sql":
            return f"/sql/v1beta4/projects/{self.project}/operations/{name}"
        scope = re.match(r"(/compute/v1/projects/[^/]+/(?:global|(?:regions|zones)/[^/]+))/", path)
        return f"{scope[1] if scope else path}/operations/{name}"


_GROUNDS: Final[dict[str, Gcp]] = {}


def close_all() -> None:
    """Close every connection that was opened by a setting, and forget the grounds: whoever serves there has gone."""
    for ground in _GROUNDS.values():
        ground.close()
    _GROUNDS.clear()
