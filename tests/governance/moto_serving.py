"""A moto server on loopback with a CloudTrail that hears every call.

moto has trails but records nothing and does not know LookupEvents. So a listener stands in front of it, which writes
down each call that changes something as CloudTrail does (who by the key that signed it, the operation's name, what was
asked and answered) and answers LookupEvents itself. It is the trail that is doubled, never the objects.
"""

import io
import json
import logging
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

import boto3
import botocore.session
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

REGION: Final = "eu-central-1"
TOOL: Final = "AKIATALLYSTICK000000"
MALLORY: Final = "AKIAMALLORY000000000"
SCALER: Final = "AKIASCALER0000000000"
PEOPLE: Final = {TOOL: "tallystick", MALLORY: "mallory", SCALER: "AWSServiceRoleForAutoScaling"}
MALLORYS_ARN: Final = "arn:aws:iam::123456789012:user/mallory"
_READS: Final = ("Get", "List", "Describe", "Head", "Lookup")
_CREDENTIAL: Final = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
_PAGE: Final = 50


@dataclass
class Trail:
    """Stands in front of moto as a WSGI application, and remembers."""

    app: Callable[..., Iterable[bytes]]
    records: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one call, and write it down when it changed something."""
        self.calls += 1
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return self.app(environ, start_response)
        operation, asked = _operation(signed[2], environ, body)
        if operation == "LookupEvents":
            start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
            return [json.dumps(self._looked_up(json.loads(body))).encode()]
        heard: list[str] = []

        def listening(status: str, headers: list[Any], *rest: Any) -> Any:
            heard.append(status)
            return start_response(status, headers, *rest)

        answer = b"".join(self.app(environ, listening))
        if not operation.startswith(_READS) and heard[0].startswith("2"):
            self.records.append(_record(signed[1], signed[2], operation, asked, answer))
        return [answer]

    def _looked_up(self, asked: dict[str, Any]) -> dict[str, Any]:
        first = int(asked.get("NextToken", "0"))
        mine = [
            each
            for each in reversed(self.records)
            if asked["StartTime"] <= each["EventTime"] <= asked["EndTime"]
        ]
        page = {"Events": mine[first : first + _PAGE]}
        return page if first + _PAGE >= len(mine) else {**page, "NextToken": str(first + _PAGE)}


def _record(
    key: str, service: str, operation: str, asked: Mapping[str, Any], answer: bytes
) -> dict[str, Any]:
    person, now = PEOPLE.get(key, key), int(time.time())
    record = {
        "eventVersion": "1.11",
        "userIdentity": _identity(person, key),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": operation,
        "readOnly": False,
        "requestParameters": asked,
        "responseElements": _answered(answer),
    }
    return {
        "EventId": str(uuid.uuid4()),
        "EventName": operation,
        "ReadOnly": "false",
        "AccessKeyId": key,
        "EventTime": now,
        "EventSource": record["eventSource"],
        "Username": person,
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }


def _identity(person: str, key: str) -> dict[str, Any]:
    if person != PEOPLE[SCALER]:
        arn = f"arn:aws:iam::123456789012:user/{person}"
        return {"type": "IAMUser", "userName": person, "arn": arn, "accessKeyId": key}
    path = f"aws-service-role/autoscaling.amazonaws.com/{person}"
    issuer = {"type": "Role", "arn": f"arn:aws:iam::123456789012:role/{path}"}
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::123456789012:assumed-role/{person}/AutoScaling",
        "sessionContext": {"sessionIssuer": issuer},
        "invokedBy": "autoscaling.amazonaws.com",
    }


def _answered(answer: bytes) -> Any:
    text = answer.decode(errors="replace")
    if text.startswith("{"):
        return json.loads(text)
    return {"texts": re.findall(r">([^<>\s]+)</", text)}


def _operation(service: str, environ: Mapping[str, Any], body: bytes) -> tuple[str, dict[str, Any]]:
    """Give an operation's name and what was asked, by whichever of AWS's protocols it came."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    form = dict(parse_qsl(body.decode(errors="replace")))
    if "Action" in form:
        return form["Action"], form
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    for name, method, path, wanted in _rest_operations(service):
        found = path.fullmatch(environ["PATH_INFO"])
        if method == environ["REQUEST_METHOD"] and found and wanted <= set(query):
            asked = {key: unquote(text) for key, text in found.groupdict().items()}
            return name, {**asked, **_json(body)}
    return "Unknown", {}


def _json(body: bytes) -> dict[str, Any]:
    return json.loads(body) if body.startswith(b"{") else {}


_REST: dict[str, list[tuple[str, str, re.Pattern[str], set[str]]]] = {}


def _rest_operations(service: str) -> list[tuple[str, str, re.Pattern[str], set[str]]]:
    """Give a service's operations as method, path and query, the most particular first."""
    if service not in _REST:
        model = botocore.session.Session().get_service_model(service)
        rows = []
        for name in cast("list[str]", model.operation_names):
            http = model.operation_model(name).http
            path, _, query = http["requestUri"].partition("?")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            pattern = re.sub(r"\\\{(\w+)\\\+\\\}", r"(?P<\1>.+)", pattern)
            wanted = {part.partition("=")[0] for part in query.split("&") if part}
            rows.append((name, http["method"], re.compile(pattern + "/?"), wanted))
        _REST[service] = sorted(rows, key=lambda row: -len(row[3]))
    return _REST[service]


@dataclass(frozen=True)
class Moto:
    """A moto server that listens, and its trail."""

    url: str
    trail: Trail

    def hand(self, key: str = MALLORY) -> Callable[[str], Any]:
        """Give somebody's hand on the cloud: a function from a service's name to its client."""
        session = boto3.Session(
            aws_access_key_id=key, aws_secret_access_key="secret", region_name=REGION
        )
        return lambda service: session.client(service, endpoint_url=self.url)


@contextmanager
def serving_moto() -> Iterator[Moto]:
    """Serve moto, empty, on a free port of loopback until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = (
        "false"  # images of strangers, called the account's own there
    )
    trail = Trail(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, trail, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        BackendDict.reset()
        reset_model_data()
        yield Moto(f"http://127.0.0.1:{server.server_port}", trail)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
