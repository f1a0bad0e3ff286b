"""GCP on loopback: gcplocal with an audit log that hears every call, and our double of what no server serves.

gcplocal writes no trail. So a listener stands in front of it, which enters each call that changed something into our
double's audit log, as Cloud Audit Logs does: who by the token, the method's name, the resource's; and tells our double
of Asset Inventory what was made and deleted. It is trail and register that are doubled, never the objects.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from gcplocal.server import create_app
from gcplocal.state import StateStore
from werkzeug.serving import WSGIRequestHandler, make_server

from tallystick.governance.adapters.live.gcp.ground import close_all
from tests.doubles.google import Google, policy_delta
from tests.governance.targets import OTHER_TOKEN, TOKENS

PROJECT: Final = "tallystick-staging"
REGION: Final = "europe-west1"
_VERBS: Final = {"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}


@dataclass
class Listening:
    """Stands in front of gcplocal as a WSGI application, and tells the audit log."""

    app: Callable[..., Iterable[bytes]]
    double: Google
    policies: dict[str, Any] = field(default_factory=dict[str, Any])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one call, and enter it when it changed something."""
        heard: list[str] = []

        def listening(status: str, headers: list[Any], *rest: Any) -> Any:
            heard.append(status)
            return start_response(status, headers, *rest)

        answer = b"".join(self.app(environ, listening))
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method in _VERBS and heard[0].startswith("2"):
            token = str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ")
            said = json.loads(answer or b"{}")
            told = audited(method, path, said)
            if told is not None:
                delta = self._delta(told[2], said) if "Iam" in told[1] else None
                who = TOKENS.get(token, token)
                self.double.enter(who, told[1], told[2], service=told[0], delta=delta)
                self._counted(method, told[0], told[2])
        return [answer]

    def _counted(self, method: str, service: str, name: str) -> None:
        """Tell the register of what was made or deleted, by the names that it gives to things."""
        kind, full = asset(service, name)
        if method == "DELETE":
            self.double.assets.pop(full, None)
        elif kind and full not in self.double.assets:
            email = name.rpartition("/")[2]
            more = {"additionalAttributes": {"email": email}} if "ServiceAccount" in kind else {}
            self.double.have(kind, full, **more)

    def _delta(self, name: str, policy: Mapping[str, Any]) -> list[dict[str, str]]:
        delta = policy_delta(self.policies.get(name, {}), policy)
        self.policies[name] = policy
        return delta


def audited(method: str, path: str, answer: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Give service, method and resource as the audit log names them, or None of what it does not tell."""
    verb, name = _VERBS[method], str(answer.get("name") or "")
    if found := re.fullmatch(r"/storage/v1/b(?:/([^/]+))?(/iam)?", path):
        act = "setIamPermissions" if found[2] else f"buckets.{verb}"
        bucket = found[1] or name
        return "storage.googleapis.com", f"storage.{act}", f"projects/_/buckets/{bucket}"
    if found := re.fullmatch(r"/compute/v1/(projects/.+/(\w+))(?:/([^/]+))?", path):
        named = path.removeprefix("/compute/v1/")
        if method == "POST":
            named = str(answer.get("targetLink")).partition("/compute/v1/")[2]
            return "compute.googleapis.com", f"v1.compute.{found[2]}.insert", named
        collection = path.split("/")[-2]
        verb = "patch" if verb == "update" else verb
        return "compute.googleapis.com", f"v1.compute.{collection}.{verb}", named
    if found := re.fullmatch(r"/sql/v1beta4/(projects/[^/]+/instances)(?:/([^/]+))?", path):
        instance = f"{found[1]}/{found[2] or answer.get('targetId')}"
        return "cloudsql.googleapis.com", f"cloudsql.instances.{verb}", instance
    if found := re.fullmatch(r"/v1/(projects/[^/]+):setIamPolicy", path):
        return "cloudresourcemanager.googleapis.com", "SetIamPolicy", found[1]
    if found := re.fullmatch(r"/v1/(projects/[^/]+/(serviceAccounts|roles)(?:/.+)?)", path):
        sort = "ServiceAccountKey" if "/keys" in path else found[2][:-1].capitalize()
        named = name if method == "POST" else found[1]
        return "iam.googleapis.com", f"google.iam.admin.v1.{verb.capitalize()}{sort}", named
    return None


_ASSETS: Final = {
    "networks": "compute.googleapis.com/Network",
    "subnetworks": "compute.googleapis.com/Subnetwork",
    "firewalls": "compute.googleapis.com/Firewall",
    "instances": "sqladmin.googleapis.com/Instance",
    "serviceAccounts": "iam.googleapis.com/ServiceAccount",
    "keys": "iam.googleapis.com/ServiceAccountKey",
    "roles": "iam.googleapis.com/Role",
    "buckets": "storage.googleapis.com/Bucket",
}


def asset(service: str, name: str) -> tuple[str, str]:
    """Give the kind and the full name by which Asset Inventory tells a thing, or no kind of what it is not."""
    parts = name.split("/")
    kind = _ASSETS.get(parts[-2], "") if len(parts) > 2 else ""
    path = parts[-1] if kind.endswith("/Bucket") else name
    return kind, f"//{service}/{path}"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Served:
    """gcplocal and our double, and how they are reached."""

    url: str
    double: Google
    setting: dict[str, Any] = field(default_factory=dict[str, Any])

    @contextmanager
    def hand(self, token: str = OTHER_TOKEN) -> Iterator[Callable[[str], httpx.Client]]:
        """Give somebody's hand on the cloud: a function from a service's name to a client at its address."""
        headers = {"Authorization": f"Bearer {token}"}
        clients = {
            url: httpx.Client(base_url=url, headers=headers, timeout=20, trust_env=False)
            for url in set(self.setting["endpoints"].values())
        }
        try:
            yield lambda service: clients[self.setting["endpoints"][service]]
        finally:
            for client in clients.values():
                client.close()


@contextmanager
def serving_gcp() -> Iterator[Served]:
    """Serve GCP, empty, on free ports of loopback until the block ends."""
    logging.getLogger("gcplocal").setLevel(logging.ERROR)
    double = Google(tokens=TOKENS)
    double.start()
    app = Listening(create_app(StateStore()), double)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    local = dict.fromkeys(("storage", "compute", "sql", "iam", "projects"), url)
    ours = dict.fromkeys(("kms", "secretmanager", "logging", "cloudasset"), double.url)
    names = {**dict.fromkeys(local, "gcplocal"), **dict.fromkeys(ours, "double")}
    setting = {
        "project": PROJECT,
        "regions": [REGION],
        "endpoints": {**local, **ours},
        "names": names,
    }
    try:
        yield Served(url, double, setting)
    finally:
        close_all()
        server.shutdown()
        thread.join(10)
        server.server_close()
        double.stop()
