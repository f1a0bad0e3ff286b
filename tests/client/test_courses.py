"""What is tried again, how often, after which pauses, and what becomes of the rest; on a clock of the test's own."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest

from tallystick.client import (
    AddressNotAccepted,
    AnswerLost,
    AnswerNotUnderstood,
    Client,
    ListTooLong,
    Patience,
    Renewed,
    problems,
    trust,
)
from tallystick.kernel.problems import Kind, Retry
from tallystick.ledger.api import Post, Posting

POST = Post(postings=(Posting(debit="a", credit="b", amount=1, asset="EUR"),))
WHO = b'{"tenant":"tnt_1","name":"Bakery","actor":"key_1"}'
Step = httpx.Response | Exception


@dataclass
class Ground:
    """A server of a few prepared answers, a clock that only pauses move, and what was asked."""

    steps: list[Step]
    now: int = 0
    pauses: list[int] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def pause(self, ms: int) -> None:
        self.pauses.append(ms)
        self.now += ms

    def client(
        self,
        *,
        credential: str | Callable[[str, str], dict[str, str]] = "tally_x",
        chance: Callable[[int], int] = lambda below: 0,
        **patience: int,
    ) -> Client:
        keys = iter(f"made-{number}" for number in range(100))
        return Client(
            "http://127.0.0.1:1",
            credential=credential,
            patience=Patience(**patience),
            new_key=lambda: next(keys),
            clock_ms=lambda: self.now,
            sleep_ms=self.pause,
            chance=chance,
            transport=httpx.MockTransport(self.answer),
        )


def refusal(code: str, status: int, retry: str, **headers: str) -> httpx.Response:
    body = {"type": "/x", "title": "X", "status": status, "detail": "Because.", "code": code}
    body |= {"retry": retry, "instance": "urn:tallystick:request:req_1", "fields": {"a": "b"}}
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    content = {"content-type": "application/problem+json"} | headers
    return httpx.Response(status, headers=content, content=msgspec.json.encode(body))


def good(content: bytes = WHO) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json"}, content=content)


def test_a_read_is_tried_again_after_pauses_that_double() -> None:
    ground = Ground(
        [httpx.ReadError("gone"), httpx.ReadTimeout("slow"), httpx.ConnectError("no"), good()]
    )
    assert ground.client().keys.who_am_i().name == "Bakery"
    assert ground.pauses == [100, 200, 400]


def test_chance_shortens_a_pause_to_half_of_it_at_most() -> None:
    ground = Ground([httpx.ReadError("gone"), httpx.ReadError("gone"), good()])
    ground.client(chance=lambda below: below - 1).keys.who_am_i()
    assert ground.pauses == [50, 100]


def test_attempts_are_bounded_and_so_is_the_time() -> None:
    ground = Ground([httpx.ReadError("gone")] * 3)
    with pytest.raises(AnswerLost, match="no answer to GET /v1/whoami"):
        ground.client(attempts_max=3).keys.who_am_i()
    assert (len(ground.asked), ground.pauses) == (3, [100, 200])
    ground = Ground([httpx.ReadError("gone")] * 3)
    with pytest.raises(AnswerLost):
        ground.client(total_ms=250).keys.who_am_i()
    assert (len(ground.asked), ground.pauses) == (2, [100])


def test_a_write_goes_again_under_the_same_key() -> None:
    ground = Ground([httpx.ReadError("gone"), good(b'{"id":"made-0"}')])
    assert ground.client().ledger.submit(ledger="main", act=POST).id == "made-0"
    assert [one.headers["idempotency-key"] for one in ground.asked] == ["made-0", "made-0"]


def test_an_id_of_the_callers_own_needs_no_key_and_acts_of_a_batch_get_ids() -> None:
    ground = Ground([good(b'{"id":"mine"}'), good(b'{"items":[]}')])
    client = ground.client()
    client.ledger.submit(ledger="main", act=msgspec.structs.replace(POST, id="mine"))
    assert "idempotency-key" not in ground.asked[0].headers
    client.ledger.submit_batch(ledger="main", items=(POST, msgspec.structs.replace(POST, id="own")))
    sent = msgspec.json.decode(ground.asked[1].content)
    assert [act["id"] for act in sent["items"]] == ["made-0-0", "own"]
    assert "idempotency-key" not in ground.asked[1].headers


def test_ids_of_a_batch_come_from_its_key_and_are_no_longer_than_an_id_may_be() -> None:
    ground = Ground([good(b'{"items":[]}')])
    key = "k" * 62
    ground.client().ledger.submit_batch(ledger="main", items=(POST, POST), idempotency_key=key)
    sent = msgspec.json.decode(ground.asked[0].content)
    assert [act["id"] for act in sent["items"]] == [f"{key}-0", f"{key}-1"]
    with pytest.raises(ValueError, match="give a shorter idempotency_key"):
        ground.client().ledger.submit_batch(ledger="main", items=(POST,), idempotency_key=f"{key}k")
    assert len(ground.asked) == 1


def test_what_nobody_may_repeat_is_sent_once_unless_nothing_was_sent() -> None:
    ground = Ground([httpx.ReadError("gone")])
    with pytest.raises(AnswerLost) as lost:
        ground.client().sessions.start_sign_in(tenant="tnt_1", redirect="https://a")
    assert lost.value.key == ""
    ground = Ground([httpx.ConnectError("refused"), refusal("not_ready", 503, "later")])
    with pytest.raises(problems.Problem, match="not_ready"):
        ground.client().sessions.start_sign_in(tenant="tnt_1", redirect="https://a")
    assert len(ground.asked) == 2
    assert "authorization" not in ground.asked[0].headers


def test_a_refusal_is_the_class_of_its_code_and_only_advice_to_repeat_is_followed() -> None:
    ground = Ground([refusal("account_not_found", 404, "never")])
    with pytest.raises(problems.AccountNotFound) as refused:
        ground.client().ledger.account(ledger="main", address="x/y z")
    assert (refused.value.detail, refused.value.fields) == ("Because.", {"a": "b"})
    assert refused.value.retry is Retry.NEVER
    assert ground.asked[0].url.raw_path == b"/v1/ledgers/main/accounts/x%2Fy%20z"
    ground = Ground(
        [refusal("temporarily_unavailable", 503, "later", retry_after="2"), good(b'{"id":"a"}')]
    )
    ground.client().ledger.submit(ledger="main", act=POST)
    assert ground.pauses == [2_000]


@pytest.mark.parametrize(
    ("code", "status"), [("approval_needed", 403), ("step_up_needed", 401), ("body_too_slow", 408)]
)
def test_what_asks_a_person_for_something_first_is_sent_once(code: str, status: int) -> None:
    ground = Ground([refusal(code, status, "same request")])
    with pytest.raises(problems.Problem, match=code) as refused:
        ground.client().ledger.submit(ledger="main", act=POST)
    assert (refused.value.retry, len(ground.asked), ground.pauses) == (Retry.SAME, 1, [])
    assert getattr(refused.value, "key", "") == "made-0"


def test_a_request_that_took_too_long_is_a_lost_answer() -> None:
    ground = Ground([refusal("request_took_too_long", 503, "same request"), good(b'{"id":"a"}')])
    assert ground.client().ledger.submit(ledger="main", act=POST).id == "a"
    assert {one.headers["idempotency-key"] for one in ground.asked} == {"made-0"}


def test_a_call_may_have_a_time_of_its_own() -> None:
    for within_ms, asked in ((250, 2), (80, 1)):
        ground = Ground([httpx.ReadError("gone")] * 6)
        with pytest.raises(AnswerLost):
            ground.client().keys.who_am_i(within_ms=within_ms)
        assert len(ground.asked) == asked
    assert ground.asked[0].extensions["timeout"]["read"] == 0.08
    with pytest.raises(ValueError, match="at least a millisecond"):
        ground.client().keys.who_am_i(within_ms=0)


@pytest.mark.parametrize("what", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_whatever_ends_a_write_has_its_key(what: type[BaseException]) -> None:
    def show(method: str, url: str) -> dict[str, str]:
        if ground.asked:
            raise what
        return {}

    ground = Ground([httpx.ReadError("gone")])
    with pytest.raises(what) as ended:
        ground.client(credential=show).ledger.submit(ledger="main", act=POST)
    assert getattr(ended.value, "key", "") == "made-0"
    assert ended.value.__notes__ == ["idempotency_key: made-0"]


def test_a_server_that_asks_for_longer_than_there_is_time_ends_it() -> None:
    ground = Ground([refusal("too_many_requests", 429, "later", retry_after="61")])
    with pytest.raises(problems.TooManyRequests):
        ground.client().keys.who_am_i()
    assert ground.pauses == []


def test_codes_of_a_closed_list_and_codes_of_a_newer_release_are_carried() -> None:
    ground = Ground([refusal("insufficient_funds", 422, "never")])
    with pytest.raises(problems.Refused) as refused:
        ground.client().ledger.submit(ledger="main", act=POST)
    assert refused.value.code == "insufficient_funds"
    assert "idempotency_key: made-0" in refused.value.__notes__
    ground = Ground([refusal("moon_is_full", 503, "when it wanes")])
    with pytest.raises(problems.Problem) as unknown:
        ground.client().keys.who_am_i()
    assert (unknown.value.code, unknown.value.kind) == ("moon_is_full", Kind.UNAVAILABLE)
    assert unknown.value.retry is Retry.NEVER


def test_what_does_not_speak_as_the_platform_is_told_apart() -> None:
    page = httpx.Response(200, headers={"content-type": "text/html"}, content=b"<p>Hello")
    moved = httpx.Response(307, headers={"location": "https://elsewhere"})
    for step in (page, moved, httpx.Response(404, content=b"nothing")):
        with pytest.raises(AnswerNotUnderstood):
            Ground([step]).client().keys.who_am_i()
    ground = Ground([httpx.Response(502, content=b"<p>"), good()])
    assert ground.client().keys.who_am_i().actor == "key_1"


def test_a_list_is_walked_to_its_end_or_to_its_bound() -> None:
    def page(name: str, after: str) -> httpx.Response:
        item = {"name": name, "opened_at": "2026-01-01T00:00:00Z", "colour": "of a newer release"}
        return good(msgspec.json.encode({"items": [item]} | ({"after": after} if after else {})))

    ground = Ground([page("a", "c1"), page("b", "c2"), page("c", "")])
    assert [one.name for one in ground.client().ledger.each_ledger(most=3)] == ["a", "b", "c"]
    assert [one.url.query for one in ground.asked] == [
        b"limit=200",
        b"limit=200&after=c1",
        b"limit=200&after=c2",
    ]
    walk = Ground([page("a", "c1"), page("b", "c2")]).client().ledger.each_ledger(most=1)
    assert next(walk).name == "a"
    with pytest.raises(ListTooLong):
        next(walk)


def test_a_query_says_only_what_is_not_usual() -> None:
    ground = Ground([good(b'{"items":[]}')])
    ground.client().ledger.accounts(ledger="main", metadata={"order": "1 7"}, asset="EUR")
    assert ground.asked[0].url.query == b"asset=EUR&metadata%5Border%5D=1+7"


def test_a_token_is_renewed_before_it_ends_and_shown_with_every_attempt() -> None:
    ground = Ground([httpx.ReadError("gone"), good(), good()])
    tokens = iter([("one", 300), ("two", 300)])
    renewed = Renewed(lambda: next(tokens), clock_ms=lambda: ground.now)
    client = ground.client(credential=lambda method, url: dict(renewed(method, url)))
    client.keys.who_am_i()
    ground.now += 269_000
    client.keys.who_am_i()
    ground.steps.append(good())
    ground.now += 1_000
    client.keys.who_am_i()
    shown = [one.headers["authorization"] for one in ground.asked]
    assert shown == ["Bearer one", "Bearer one", "Bearer one", "Bearer two"]


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example",
        "ftp://127.0.0.1",
        "127.0.0.1:8480",
        "https://a:b@bank.example",
        "https://bank.example/v1",
    ],
)
def test_no_credential_goes_where_it_could_be_read(url: str) -> None:
    with pytest.raises(AddressNotAccepted):
        Client(url, credential="tally_x")


def test_nothing_older_than_tls_1_3_is_taken() -> None:
    assert trust().minimum_version is ssl.TLSVersion.TLSv1_3
    with pytest.raises(ValueError, match=r"before TLS 1\.3"):
        Client("https://bank.example", tls=ssl.create_default_context())
