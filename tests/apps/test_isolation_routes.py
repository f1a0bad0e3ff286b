"""Walls between tenants over HTTP: every route, asked with what is another tenant's, answers as if it were nobody's."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from tallystick.apps import compose
from tallystick.kernel.ids import make
from tallystick.runtime.configuration import Settings
from tallystick.runtime.far.wire import PATH as DOOR
from tests.apps.houses import METHODS
from tests.apps.neighbours import Neighbour, Seat, code_of, iban_of
from tests.apps.walking import (
    ALIKE,
    APART,
    BODIES,
    NEEDED,
    OPEN,
    PLAIN,
    QUERIES,
    path_with,
    places_of,
    with_names,
)

# Everything of two tenants is walked: a machine that is busy with other tests takes its time over it.
pytestmark = pytest.mark.timeout(600)

ID = re.compile(r"\b([a-z]{3,4})_[0-9a-z]{20,}\b")
# What each answer has of its own: when it was given, and what was made with it.
OWN = re.compile(
    r"\b[a-z]{3,4}_[0-9a-z]{20,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z|\btnt_\w+|ses_\w+|tsin_\w+"
)
HEADERS = {"date", "traceresponse", "content-length", "etag", "location"}
MARKED_MIN = 30
REQUEST = "asked/by/a/neighbour"
# Routes that whoever knows a name may ask, and so may not answer as for nobody's: each with its reason.
KNOWN = {
    ("GET /oauth/authorize", "request_uri"): "the address was given to the client alone, and is the proof",
}  # fmt: skip
LAST = "DELETE /v1/sessions"
PAGES = ("/", "/docs", "/docs/problems", "/openapi.json", "/healthz", "/readyz")
SHAPES = {
    "person": "per", "membership": "mem", "delegation": "dlg", "file": "file", "payment": "pay", "client_id": "cli",
    "consent_id": "con", "approval": "apr", "challenge": "chl", "offer": "chl", "session_id": "ses", "factor": "fac",
    "key_id": "key", "decision": "dec", "plan": "pln", "apply": "apl", "break_glass": "brk", "waiver": "wvr",
}  # fmt: skip


def operations_of(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Every operation of the document: method, path, and the names of its parameters outside the path."""
    return [
        (
            method.upper(),
            path,
            [one["name"] for one in operations[method]["parameters"] if one["in"] != "path"],
        )
        for path, operations in document["paths"].items()
        for method in METHODS
        if method in operations
    ]


def nobodys(theirs: dict[str, str]) -> dict[str, str]:
    """Names of the same kinds that exist nowhere."""
    made = {name: text.replace("zqalpha", "zqnowhere") for name, text in theirs.items()}
    for name, prefix in SHAPES.items():
        made[name] = make(
            prefix, now_ms=time.time_ns() // 1_000_000, entropy=secrets.token_bytes(10)
        )
    secret = secrets.token_urlsafe(32)
    made |= {
        "tenant": "tnt_" + "".join(reversed(theirs["tenant"].removeprefix("tnt_"))),
        "iban": iban_of("zqnowhere"), "asset": "ZQN", "state": secret, "flow": "tsin_" + secrets.token_hex(28),
        "token": secrets.token_hex(32), "hash": secrets.token_hex(32),
        "request_uri": f"urn:ietf:params:oauth:request_uri:{made['consent_id']}.{secret}",
        "on": theirs["on"].replace(theirs["on"].rpartition(":")[2], made["person"]),
    }  # fmt: skip
    return made


class Asking(NamedTuple):
    """A request before its names are filled in."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = {}  # noqa: RUF012


class Walk:
    """One who asks all routes, and what they were told."""

    def __init__(self, theirs: Neighbour, own: Neighbour, forbidden: set[str]) -> None:
        self.theirs, self.own, self.forbidden = theirs, own, forbidden
        self.nobodys = nobodys(theirs.names)
        self.sent: set[str] = set()
        self.told: list[str] = []

    def ask(self, seat: Seat, asking: Asking, names: dict[str, str]) -> httpx.Response:
        """Ask a route with names, and look through all that it answers for what is not ours."""
        method, path, body, query = asking
        names |= {"new": secrets.token_hex(8)}
        words: dict[str, Any] = {"headers": {"x-request-id": REQUEST}}
        if query:
            words["params"] = {
                ("metadata[zq]" if name == "metadata" else name): with_names(text, names)
                for name, text in query.items()
            }
        filled = with_names(body, names)
        if isinstance(filled, bytes):
            words |= {"content": filled}
            words["headers"]["content-type"] = "application/xml"
        elif path.startswith("/oauth/") or path.endswith(("/token", "{tenant}")):
            words["data"] = filled
            filled = None
        if method != "GET" and "id" not in (filled if isinstance(filled, dict) else {}):
            words["headers"]["idempotency-key"] = secrets.token_hex(8)
        self.sent |= {names[one] for one in places_of(path, body, query)}
        is_json = isinstance(filled, dict)
        answer = seat.ask(method, path_with(path, names), filled if is_json else None, **words)
        self.look_through(answer, f"{method} {path}")
        return answer

    def look_through(self, answer: httpx.Response, label: str) -> None:
        """Find nothing of the other tenant that was not sent to it before."""
        text = f"{answer.headers.multi_items()} {answer.content.decode('utf-8', 'replace')}"
        for known in sorted(self.sent, key=len, reverse=True):
            text = text.replace(known, "")
        found = [one for one in self.forbidden if one in text]
        assert not found, (label, found, text)

    def compare(self, seat: Seat, asking: Asking) -> int:
        """Ask with each name of theirs and of nobody's in turn; answers how many names there were."""
        tried, label = 0, f"{asking.method} {asking.path}"
        for name in places_of(asking.path, asking.body, asking.query):
            if name in ALIKE or (name == "tenant" and label in OPEN) or (label, name) in KNOWN:
                continue
            answers = []
            for other in (self.theirs.names, self.nobodys):
                names = self.own.names | {name: other[name]}
                answers.append((self.ask(seat, asking, names), other[name]))
            for answer, text in answers:
                assert answer.status_code < 500, (label, name, text, answer.text)
            theirs, nobodys_own = (said(answer, text) for answer, text in answers)
            assert theirs == nobodys_own, (label, seat.name, name, theirs, nobodys_own)
            tried += 1
        return tried


def said(answer: httpx.Response, name: str) -> Any:
    """What an answer says, but for the name itself: a refusal to the letter, else what was done is told of."""
    headers = {
        one: normal(text, name) for one, text in answer.headers.items() if one not in HEADERS
    }
    if answer.headers.get("content-type", "").endswith("json"):
        content = answer.json()
        if answer.is_error:
            return answer.status_code, headers, normal(json.dumps(content), name)
        return answer.status_code, headers, sorted(named_in(content))
    return answer.status_code, headers, normal(answer.text, name) if answer.is_error else ""


def normal(text: str, name: str) -> str:
    """A text without the name that was asked for and without what is each answer's own."""
    return OWN.sub("·", text.replace(json.dumps(name)[1:-1], "·").replace(name, "·"))


def named_in(content: Any) -> set[str]:
    """The names of all that was answered, at any depth."""
    if isinstance(content, list):
        return set[str]().union(*map(named_in, content))
    if not isinstance(content, dict):
        return set()
    own = {name for name in content if not name.startswith("zq")}
    return own.union(*map(named_in, content.values()))


def queries_of(method: str, path: str, parameters: list[str]) -> Iterator[dict[str, str]]:
    """The questions to ask of a route: none, then each by which it can be narrowed."""
    needed = NEEDED.get(path.rpartition("/")[2], {})
    naming = [one for one in parameters if one in QUERIES]
    if "client_id" in naming:
        yield {one: QUERIES[one] for one in naming}
        return
    yield needed
    for one in naming:
        yield needed | {one: QUERIES[one]}


@pytest.fixture(scope="module")
def listed(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    found = operations_of(document)
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def walk(two: tuple[Neighbour, Neighbour], listed: list[tuple[str, str, list[str]]]) -> Walk:
    """What A is told when it asks everything: its ids, by which anything of it is known elsewhere."""
    theirs, own = two
    shown, silent, marked = set[str](), [], set[str]()
    for method, path, _ in listed:
        if method != "GET" or path.startswith(APART):
            continue
        query = NEEDED.get(path.rpartition("/")[2], {})
        if path == "/oauth/authorize":
            query = {one: QUERIES[one] for one in ("client_id", "request_uri")}
        answers = [
            seat.client.get(
                path_with(path, theirs.names), params=with_names(query, theirs.names) or None
            )
            for seat in theirs.seats
        ]
        if not any(answer.is_success for answer in answers):
            silent.append((path, [answer.text for answer in answers]))
        for answer in answers:
            shown |= {found[0] for found in ID.finditer(answer.text)}
            marked |= {path} if theirs.word in answer.text else set()
    assert not silent, silent
    # Their word is in what they are told themselves, or it would prove nothing that nobody else is told it.
    assert len(marked) > MARKED_MIN, marked
    ours = {
        found[0] for seat in own.seats for found in ID.finditer(seat.client.get("/v1/log").text)
    }
    ours |= set(own.names.values()) | {seat.credential for seat in own.seats}
    forbidden = {theirs.word, theirs.tenant, theirs.iban, *shown} - ours
    assert len(forbidden) > 50
    return Walk(theirs, own, forbidden)


def test_every_route_is_walked(listed: list[tuple[str, str, list[str]]], walk: Walk) -> None:
    for method, path, parameters in listed:
        if path.startswith(APART):
            continue
        unknown = set(parameters) - QUERIES.keys() - PLAIN
        assert not unknown, (
            f"{method} {path}: say in tests/apps/walking.py what these name: {unknown}"
        )
        bodies = BODIES.get(f"{method} {path}", [None])
        for name in places_of(path, *bodies):
            assert name in walk.theirs.names.keys() | ALIKE, (
                f"{method} {path}: nobody knows a {name}"
            )
    labels = {f"{method} {path}" for method, path, _ in listed}
    assert BODIES.keys() <= labels


def test_every_write_that_takes_a_body_has_one(document: dict[str, Any]) -> None:
    without = [
        f"{method} {path}"
        for method, path, _ in operations_of(document)
        if "requestBody" in document["paths"][path][method.lower()]
        and f"{method} {path}" not in BODIES
    ]
    assert not without, f"say in tests/apps/walking.py what these are sent: {without}"


def test_no_list_and_no_answer_holds_anything_of_another_tenant(
    listed: list[tuple[str, str, list[str]]], walk: Walk
) -> None:
    for seat in walk.own.seats:
        for method, path, _ in listed:
            if method == "GET":
                query = NEEDED.get(path.rpartition("/")[2], {})
                walk.ask(seat, Asking(method, path, query=query), walk.own.names)


@pytest.mark.timeout(300)
def test_what_is_another_tenants_is_answered_as_what_is_nobodys(
    listed: list[tuple[str, str, list[str]]], walk: Walk
) -> None:
    tried = 0
    for seat in walk.own.seats:
        for method, path, parameters in listed:
            if path.startswith(APART):
                continue
            if method == "GET":
                for query in queries_of(method, path, parameters):
                    if "after" not in query:
                        tried += walk.compare(seat, Asking(method, path, query=query))
                continue
            for body in BODIES.get(f"{method} {path}", [None]):
                tried += walk.compare(seat, Asking(method, path, body))
    assert tried > 250
    # What was asked with their names changed nothing of theirs: they still have all of it.
    for path in ("/v1/wallets/{wallet}", "/v1/clients/{client_id}", "/v1/people/{person}"):
        again = walk.theirs.owner.client.get(path_with(path, walk.theirs.names))
        assert again.json().get("status", "active") in ("open", "active"), again.text


def test_a_cursor_of_another_tenant_leads_through_ones_own(
    listed: list[tuple[str, str, list[str]]], walk: Walk
) -> None:
    for method, path, parameters in listed:
        if "after" not in parameters:
            continue
        for theirs, own in zip(walk.theirs.seats, walk.own.seats, strict=True):
            query = {"limit": "1"}
            first = theirs.client.get(path_with(path, walk.theirs.names), params=query)
            after = first.json().get("after") if first.is_success else None
            if after is None:
                continue
            walk.sent.add(after)
            names = walk.own.names | {"after": after}
            answer = walk.ask(own, Asking(method, path, query={"after": "{after}"}), names)
            assert answer.status_code in (200, 400), (path, answer.text)


def test_a_key_of_a_repeated_request_is_ones_own(walk: Walk) -> None:
    answers = []
    for names in (walk.theirs.names, walk.nobodys):
        headers = {"idempotency-key": names["kept"]}
        answer = walk.own.owner.ask("POST", "/v1/people", {"name": "Other"}, headers=headers)
        walk.look_through(answer, "POST /v1/people")
        answers.append((answer.status_code, "idempotent-replayed" in answer.headers))
    assert answers == [(201, False)] * 2


def test_a_credential_opens_its_own_tenant_alone(walk: Walk) -> None:
    for seat in walk.own.seats:
        for header in ("x-tenant", "tallystick-tenant", "forwarded", "cookie"):
            answer = seat.client.get("/v1/whoami", headers={header: f"tenant={walk.theirs.tenant}"})
            assert answer.json()["tenant"] == walk.own.tenant


def test_what_is_in_no_document_tells_nothing_either(
    monkeypatch: pytest.MonkeyPatch, listed: list[tuple[str, str, list[str]]], walk: Walk
) -> None:
    found: list[Any] = []
    monkeypatch.setattr(compose, "build_app", lambda **words: found.extend(words["routes"]))
    compose.Platform(url="postgresql://x:y@127.0.0.1:1/z", settings=Settings()).app()
    labels = {f"{method} {path}" for method, path, _ in listed}
    # Pages of the console are walked by themselves (tests/browser/test_every_page.py).
    told = {f"{route.method} {route.path}" for route in found if route.pages is None}
    assert told <= labels | {"GET /metrics"}
    # Beside them there are pages for readers, and the door for other processes of ours, which no credential opens.
    for seat in walk.own.seats:
        for path in PAGES:
            assert walk.ask(seat, Asking("GET", path), walk.own.names).status_code in (200, 303)
        knock = Asking("POST", DOOR.format(context="ledger", door="Ledger", method="accounts"))
        assert code_of(walk.ask(seat, knock, walk.own.names)) == "path_not_found"


def test_ending_all_of_ones_own_sessions_ends_no_other(walk: Walk) -> None:
    clerk = walk.own.clerk
    method, path = LAST.split(" ")
    answer = walk.ask(clerk, Asking(method, path), walk.own.names)
    assert answer.json()["ended"] >= 1
    assert code_of(clerk.client.get("/v1/whoami")) == "session_not_accepted"
    for seat in (walk.theirs.clerk, walk.theirs.owner, walk.own.owner):
        assert seat.client.get("/v1/whoami").is_success
