"""The edge: what it believes, what it refuses, and how its refusals read."""

import json

import asyncpg
import httpx
import msgspec
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.runtime import reading
from tallystick.runtime.edge import Asked, Reply, Route, Shown, build_app

LIMIT = reading.BODY_BYTES_MAX
GOOD = {"authorization": "Bearer good"}


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Line(Message, frozen=True):
    amount: int | str
    memo: str = ""


class Order(Message, frozen=True):
    id: str
    lines: tuple[Line, ...] = ()


class Search(Message, frozen=True):
    limit: int = 50
    address: str | None = None
    metadata: dict[str, str] | None = None


class Seen(Message, frozen=True):
    tenant: int
    ledger: str | None = None
    order: Order | None = None
    search: Search | None = None
    key: str | None = None


class NotAccepted(Problem):
    """The key is not accepted."""

    code = "key_not_accepted"
    kind = Kind.UNAUTHENTICATED


class Full(Problem):
    """The queue is full."""

    code = "queue_is_full"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class Breakage:
    """What a handler or the authenticator is told to raise, and what was called."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.handled = 0


async def _authenticate(shown: Shown, _: Caller) -> Caller:
    if shown.authorization != "Bearer good":
        raise NotAccepted("Send a good key.")
    return Caller(tenant_id=5, actor="key_1")


def _routes(breakage: Breakage) -> list[Route]:
    async def see(asked: Asked) -> Seen:
        breakage.handled += 1
        if breakage.error is not None:
            raise breakage.error
        return Seen(
            tenant=asked.caller.tenant_id,
            ledger=asked.path.get("ledger"),
            order=asked.body,
            search=asked.query,
            key=asked.idempotency_key,
        )

    async def take_file(asked: Asked) -> Reply:
        return Reply(
            value=asked.body,
            status=202,
            media="application/xml",
            headers={"Location": "/v1/files/1"},
        )

    async def drop(asked: Asked) -> None:
        return None

    path = "/v1/ledgers/{ledger}/orders"
    return [
        Route(method="POST", path=path, summary="Order", handle=see, body=Order, answer=Seen, status=201,
              problems=(Full,), keyed=True),
        Route(method="GET", path=path, summary="Orders", handle=see, query=Search, answer=Seen),
        Route(method="GET", path="/v1/plain", summary="Plain", handle=see, answer=Seen),
        Route(method="POST", path="/v1/files", summary="File", handle=take_file, body=bytes, answer=bytes,
              answer_media="application/xml"),
        Route(method="DELETE", path="/v1/plain", summary="Drop", handle=drop, status=204),
    ]  # fmt: skip


@pytest.fixture
def breakage() -> Breakage:
    return Breakage()


@pytest.fixture
async def client(breakage):
    app = build_app(
        routes=_routes(breakage),
        authenticate=_authenticate,
        title="Edge",
        version="1",
        problems=(NotAccepted,),
        glossary={"exceeds_available_balance": "More than is there."},
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://edge", headers=GOOD
    ) as opened:
        yield opened


ORDERS = "/v1/ledgers/main/orders"


def _problem(answer: httpx.Response, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"/docs/problems#{code}"
    assert problem["title"]
    assert problem["instance"] == f"urn:tallystick:request:{answer.headers['x-request-id']}"
    return problem


async def _send(client, body: bytes | str, **headers: str) -> httpx.Response:
    media = {"content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.post(ORDERS, content=body, headers=media)


async def test_a_request_arrives_with_its_caller_path_and_body(client):
    answer = await client.post(ORDERS, json={"id": "a", "lines": [{"amount": "12"}, {"amount": 7}]})
    assert answer.status_code == 201
    assert answer.json()["tenant"] == 5
    assert answer.json()["ledger"] == "main"
    assert [line["amount"] for line in answer.json()["order"]["lines"]] == ["12", 7]


async def test_every_answer_carries_the_strict_headers(client):
    for path in (ORDERS, "/nowhere", "/healthz", "/openapi.json", "/docs"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-request-id"]


async def test_a_valid_request_id_is_taken_over_and_another_replaced(client):
    answer = await client.get(
        ORDERS, headers={"x-request-id": "trace-1/ä".encode("ascii", "ignore").decode()}
    )
    assert answer.headers["x-request-id"] == "trace-1/"
    seen = set()
    for wrong in ("", "a b", "x" * 65):
        answer = await client.get(ORDERS, headers={"x-request-id": wrong})
        seen.add(answer.headers["x-request-id"])
    assert len(seen) == 3
    assert all(given.startswith("req_") for given in seen)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer bad", "Basic Z29vZA==", "bearer good", "Bearer good,Bearer good"],
)
async def test_no_route_answers_without_a_key(client, breakage, header):
    for method, path in (("GET", ORDERS), ("POST", ORDERS), ("DELETE", "/v1/plain")):
        answer = await client.request(method, path, headers={"authorization": header})
        _problem(answer, 401, "key_not_accepted")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert breakage.handled == 0


async def test_a_tenant_named_by_a_header_is_not_believed(client):
    answer = await client.get("/v1/plain", headers={"x-tenant-id": "9", "x-tenant": "tnt_9"})
    assert answer.json()["tenant"] == 5


async def _bare(
    app, *, headers, events, method="POST", path=ORDERS, query=b""
) -> tuple[int, dict, bytes, int]:
    """Call the application with events of our own; answers how many of them it took, too."""
    sent, taken = [], 0

    async def receive():
        nonlocal taken
        taken += 1
        return events[taken - 1]

    async def send(event):
        sent.append(event)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
        "root_path": "", "scheme": "http", "headers": headers, "server": ("edge", 80), "client": ("x", 1),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"], taken


def _app(breakage):
    return build_app(
        routes=_routes(breakage), authenticate=_authenticate, title="Edge", version="1"
    )


JSON_HEADERS = [(b"authorization", b"Bearer good"), (b"content-type", b"application/json")]
BODY = b'{"id":"a"}'


async def test_nothing_of_the_body_is_read_before_the_caller_is_proven(breakage):
    events = [{"type": "http.request", "body": BODY, "more_body": False}]
    status, *_, taken = await _bare(
        _app(breakage), headers=[(b"content-type", b"application/json")], events=events
    )
    assert (status, taken) == (401, 0)


async def test_a_body_in_pieces_is_put_together(breakage):
    events = [{"type": "http.request", "body": bytes([byte]), "more_body": True} for byte in BODY]
    events.append({"type": "http.request", "body": b"", "more_body": False})
    status, *_ = await _bare(_app(breakage), headers=JSON_HEADERS, events=events)
    assert status == 201


async def test_a_body_is_not_waited_for_longer_than_announced(breakage):
    events = [{"type": "http.request", "body": BODY, "more_body": True}]
    headers = [*JSON_HEADERS, (b"content-length", b"10")]
    status, *_, taken = await _bare(_app(breakage), headers=headers, events=events)
    assert (status, taken) == (201, 1)


@pytest.mark.parametrize("length", [b"9", b"11", b"-1", b"1e3", b"", b"5,5"])
async def test_a_length_that_lies_is_refused(breakage, length):
    events = [{"type": "http.request", "body": BODY, "more_body": False}]
    headers = [*JSON_HEADERS, (b"content-length", length)]
    status, _, body, _ = await _bare(_app(breakage), headers=headers, events=events)
    assert status == 400
    assert json.loads(body)["code"] == "malformed_request"


@pytest.mark.parametrize("declared", [None, b"10"])
async def test_a_body_over_the_limit_is_refused_as_soon_as_it_is(breakage, declared):
    piece = {"type": "http.request", "body": b" " * (1 << 20), "more_body": True}
    headers = [*JSON_HEADERS, *([(b"content-length", declared)] if declared else [])]
    status, _, body, taken = await _bare(_app(breakage), headers=headers, events=[piece] * 100)
    assert status == 413
    assert json.loads(body)["code"] == "body_too_large"
    assert taken <= LIMIT // (1 << 20) + 1


async def test_a_body_that_announces_too_much_is_not_read(breakage):
    for length in (LIMIT + 1, 10**30):
        headers = [*JSON_HEADERS, (b"content-length", str(length).encode())]
        status, _, _body, taken = await _bare(_app(breakage), headers=headers, events=[])
        assert (status, taken) == (413, 0)


async def test_a_body_of_exactly_the_limit_is_read(client):
    body = b'{"id":"' + b"x" * (LIMIT - 9) + b'"}'
    assert len(body) == LIMIT
    assert (await _send(client, body)).status_code == 201


async def test_a_client_that_leaves_is_let_go(breakage):
    for events in (
        [{"type": "http.disconnect"}],
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}],
    ):
        await _bare(_app(breakage), headers=JSON_HEADERS, events=events)
    assert breakage.handled == 0


@pytest.mark.parametrize(
    "body",
    [
        "", "nonsense", "[]", "null", "{", '{"id":"a"} {}', '{"id":"a",}', "{'id':'a'}", '{"id":NaN}',
        '{"id":"a","lines":[{"amount":1.0}]}', '{"id":"a","lines":[{"amount":1e3}]}',
        '{"id":"a","lines":[{"amount":true}]}', '{"id":7}', '{"id":"a","extra":1}', '{"lines":[]}',
        '{"id":"a","id":"b"}', '{"id":"a","\\u0069d":"b"}', '{"id" :"a", "id"\t:"a"}',
        '{"id":"a","lines":[{"amount":1,"amount":2}]}', '{"id":"\\u0000"}', '{"id":"\\\\\\u0000"}',
        b'{"id":"\xff"}', b'\xef\xbb\xbf{"id":"a"}', '{"id":"\\ud800"}', "[" * 100_000,
        '{"id":"a","lines":' + "[" * 100_000, b"\xff\xfe{\x00}\x00", '{"id":"a\nb"}',
    ],
)  # fmt: skip
async def test_what_is_not_the_message_is_malformed_and_leaves_nothing(client, breakage, body):
    _problem(await _send(client, body), 400, "malformed_request")
    assert breakage.handled == 0


async def test_doubles_that_are_none_pass(client):
    for body in (
        '{"id":"\\"id\\":","lines":[{"amount":1},{"amount":1}]}',
        '{"id":"\\\\u0000"}',
        ' \n{"id":"a"}\r\n',
    ):
        answer = await _send(client, body)
        assert answer.status_code == 201, answer.text


async def test_a_malformed_body_is_told_where(client):
    answer = await _send(client, '{"id":"a","lines":[{"amount":1},{"amount":1.5}]}')
    assert list(_problem(answer, 400, "malformed_request")["fields"]) == ["lines[1].amount"]


async def test_digits_beyond_what_json_keeps_arrive_exactly(client):
    answer = await _send(client, json.dumps({"id": "a", "lines": [{"amount": 10**38 - 1}]}))
    assert answer.json()["order"]["lines"][0]["amount"] == 10**38 - 1


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": ""}, {"content_type": "text/plain"}, {"content_type": "application/xml"},
        {"content_type": "application/jsonx"}, {"content_type": "application/json; charset=latin-1"},
        {"content_encoding": "gzip"},
    ],
)  # fmt: skip
async def test_another_media_type_is_refused(client, headers):
    _problem(await _send(client, BODY, **headers), 415, "media_type_not_supported")


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
async def test_json_may_say_that_it_is_utf_8(client, media):
    assert (await _send(client, BODY, content_type=media)).status_code == 201


async def test_xml_passes_unread_and_answers_as_it_says(client):
    answer = await client.post(
        "/v1/files", content=b"<a/>", headers={"content-type": "text/xml; charset=latin-1"}
    )
    assert (answer.status_code, answer.content) == (202, b"<a/>")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["location"] == "/v1/files/1"
    refused = await client.post(
        "/v1/files", content=b"{}", headers={"content-type": "application/json"}
    )
    _problem(refused, 415, "media_type_not_supported")


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, text/*;q=0.1", "text/html, application/json;q=0"]
)
async def test_an_answer_that_is_not_wanted_is_not_made(client, breakage, accept):
    _problem(
        await client.get(ORDERS, headers={"accept": accept}), 406, "answer_type_not_acceptable"
    )
    assert breakage.handled == 0


@pytest.mark.parametrize(
    "accept", ["application/json", "text/html, application/*;q=0.2", "*/*", ""]
)
async def test_json_is_what_is_answered(client, accept):
    assert (await client.get(ORDERS, headers={"accept": accept})).status_code == 200


async def test_a_query_is_read_by_type(client):
    answer = await client.get(
        f"{ORDERS}?limit=7&address=customers%3A%3Amain&metadata[colour]=r%C3%B6t&metadata[n]=1"
    )
    assert answer.json()["search"] == {
        "limit": 7, "address": "customers::main", "metadata": {"colour": "röt", "n": "1"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "limit=x", "limit=1.5", "limit=", "unknown=1", "limit=1&limit=2", "address=%ff", "address=%00", "limit",
        "metadata=x", "metadata[a]=1&metadata[a]=2", "metadata[a]=1&metadata=2", "limit[a]=1", "&".join(["a=1"] * 65),
    ],
)  # fmt: skip
async def test_a_query_that_is_not_the_message_is_refused(client, breakage, query):
    _problem(await client.get(f"{ORDERS}?{query}"), 400, "malformed_request")
    assert breakage.handled == 0


async def test_a_query_where_none_belongs_is_refused(client):
    _problem(await client.get("/v1/plain?a=1"), 400, "malformed_request")


async def test_a_query_in_raw_bytes_is_a_problem_too(breakage):
    headers = [(b"authorization", b"Bearer good")]
    status, *_ = await _bare(
        _app(breakage), headers=headers, events=[], method="GET", query=b"address=\xff"
    )
    assert status == 400


async def test_a_body_where_none_belongs_is_refused(client):
    _problem(await client.request("DELETE", "/v1/plain", content=b"{}"), 400, "malformed_request")


@pytest.mark.parametrize(
    ("header", "key"),
    [("abc", "abc"), ('"abc"', "abc"), (r'"a\"b"', 'a"b'), ("x" * 64, "x" * 64), ("a,b", "a,b")],
)
async def test_an_idempotency_key_is_passed_on(client, header, key):
    answer = await client.post(ORDERS, json={"id": "a"}, headers={"idempotency-key": header})
    assert answer.json()["key"] == key


@pytest.mark.parametrize("header", ["", '""', "a b", "x" * 65, '"a"b"', "ä".encode("latin-1")])
async def test_a_wrong_idempotency_key_is_malformed(client, header):
    answer = await client.post(ORDERS, json={"id": "a"}, headers={"idempotency-key": header})
    _problem(answer, 400, "malformed_request")


async def test_a_post_that_takes_no_idempotency_key_refuses_it(client):
    headers = {"idempotency-key": "a", "content-type": "application/xml"}
    _problem(
        await client.post("/v1/files", content=b"<a/>", headers=headers), 400, "malformed_request"
    )


async def test_two_idempotency_keys_are_malformed(client):
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    _problem(await client.post(ORDERS, json={"id": "a"}, headers=headers), 400, "malformed_request")


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/ledgers/main", "/v1/ledgers/a/b/orders", f"{ORDERS}/", "/%00"]
)
async def test_an_unknown_path_is_a_problem(client, path):
    _problem(await client.get(path), 404, "path_not_found")


async def test_a_name_in_the_path_is_bounded(client):
    for name in ("x" * 513, "a%00b"):
        _problem(await client.get(f"/v1/ledgers/{name}/orders"), 400, "malformed_request")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_an_unknown_method_is_a_problem_that_lists_the_others(client, method):
    answer = await client.request(method, ORDERS)
    _problem(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_a_method_nobody_knows_is_a_problem(client):
    assert (await client.request("BREW", ORDERS)).headers[
        "content-type"
    ] == "application/problem+json"


async def test_head_is_get_without_its_body(client):
    answer = await client.head(ORDERS)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_an_answer_without_content_has_none(client):
    answer = await client.delete("/v1/plain")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_later_says_when(client, breakage):
    breakage.error = Full("Come back.", {"queue": "main"})
    answer = await client.post(ORDERS, json={"id": "a"})
    problem = _problem(answer, 503, "queue_is_full")
    assert (answer.headers["retry-after"], problem["retry"]) == ("1", "later")
    assert problem["fields"] == {"queue": "main"}


async def test_a_defect_leaks_nothing_and_is_logged(client, breakage, capsys):
    breakage.error = ValueError("the password is swordfish")
    answer = await client.get("/v1/plain")
    _problem(answer, 500, "internal_error")
    assert "swordfish" not in answer.text
    logged = capsys.readouterr().out
    assert answer.headers["x-request-id"] in logged
    assert "swordfish" in logged
    assert "Bearer good" not in logged


@pytest.mark.parametrize(
    "weather",
    [
        ConnectionResetError("gone"), TimeoutError(), asyncpg.AdminShutdownError("going"),
        asyncpg.CannotConnectNowError("starting"), asyncpg.TooManyConnectionsError("full"),
        asyncpg.DeadlockDetectedError("dead"), asyncpg.ConnectionDoesNotExistError("closed"),
    ],
)  # fmt: skip
async def test_weather_is_not_a_defect(client, breakage, weather):
    breakage.error = weather
    _problem(await client.get("/v1/plain"), 503, "temporarily_unavailable")


def test_a_route_given_twice_is_refused(breakage):
    with pytest.raises(ValueError, match="given twice"):
        build_app(
            routes=_routes(breakage) * 2, authenticate=_authenticate, title="Edge", version="1"
        )


def test_a_message_that_lets_strangers_in_is_refused():
    class Loose(msgspec.Struct):
        pass

    async def handle(asked: Asked) -> None:
        return None

    with pytest.raises(ValueError, match="must forbid unknown fields"):
        Route(method="POST", path="/v1/x", summary="x", handle=handle, body=Loose)


async def test_health_and_readiness_need_no_key():
    state = {"error": None, "asked": 0}

    async def ready() -> None:
        state["asked"] += 1
        if state["error"]:
            raise state["error"]

    async def ask(path: str, *, error: Exception | None) -> httpx.Response:
        state["error"] = error
        app = build_app(
            routes=[], authenticate=_authenticate, title="Edge", version="1", ready=ready
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
            await client.get(path)
            return await client.get(path)

    assert (await ask("/healthz", error=OSError("down"))).json() == {"status": "ok"}
    assert state["asked"] == 0
    assert (await ask("/readyz", error=None)).json() == {"status": "ready"}
    assert state["asked"] == 1  # the second question within a second is answered from memory
    problem = _problem(await ask("/readyz", error=OSError("down")), 503, "not_ready")
    assert "down" not in str(problem)


async def test_the_process_starts_and_stops_what_it_is_given():
    done: list[str] = []

    async def start() -> None:
        done.append("start")

    async def stop() -> None:
        done.append("stop")

    app = build_app(
        routes=[],
        authenticate=_authenticate,
        title="Edge",
        version="1",
        on_start=[start],
        on_stop=[stop],
    )
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(events)

    async def send(event):
        done.append(event["type"])

    await app(
        {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}, receive, send
    )
    assert done == ["start", "lifespan.startup.complete", "stop", "lifespan.shutdown.complete"]


async def test_a_path_with_two_slashes_is_another_path(client, breakage):
    _problem(await client.get("http://edge//v1/plain"), 404, "path_not_found")
    assert breakage.handled == 0


@pytest.mark.parametrize(
    ("header", "status"), [("identity", 201), ("Identity", 201), ("gzip", 415)]
)
async def test_a_body_comes_as_it_is(client, header, status):
    answer = await _send(client, '{"id":"a"}', content_encoding=header)
    assert answer.status_code == status
