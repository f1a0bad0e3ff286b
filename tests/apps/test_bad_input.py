"""What is refused over HTTP, how, and that a refused request leaves nothing behind."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.apps.houses import ACCOUNT, ACTS, BATCHES, BOOK, POST, WALLET, House, assert_problem
from tests.apps.platform import Running
from tests.payments.orders import ELECTRICAL, RAHMENBAU, Order, initiation, texts

AMOUNTS = {
    "a float": "1.5", "a whole float": "1.0", "an exponent": "1e2", "NaN": "NaN", "infinity": "Infinity",
    "a boolean": "true", "null": "null", "a list": "[1]", "an object": "{}", "zero": "0",
    "zero as text": '"0"', "minus": "-5", "minus as text": '"-5"', "minus zero": "-0",
    "a leading zero": "05", "a leading zero as text": '"05"', "plus": '"+5"', "a space": '" 5"',
    "a space behind": '"5 "', "a line feed": '"5\\n"', "a decimal as text": '"5.0"',
    "an exponent as text": '"1e2"', "hexadecimal": '"0x5"', "underscores": '"1_000"', "no text": '""',
    "full-width digits": '"\uff11\uff12"', "Arabic digits": '"١٢"', "39 digits": "1" + "0" * 38,
    "39 digits as text": '"1' + "0" * 38 + '"', "a thousand digits": "9" * 1_000,
    "a thousand digits as text": '"' + "9" * 1_000 + '"',
}  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS.values(), ids=list(AMOUNTS))
@pytest.mark.usefixtures("nothing_stays")
def test_what_is_no_amount_is_malformed(house: House, amount: str) -> None:
    for act in (POST, POST | {"kind": "hold"}):
        one = json.dumps(act).replace('"amount": 5', f'"amount": {amount}')
        for path, body in ((ACTS, one), (BATCHES, f'{{"items": [{one}]}}')):
            assert_problem(sent(house, path, body.encode()), 400, "malformed_request")


def sent(house: House, path: str, content: bytes, method: str = "POST") -> httpx.Response:
    headers = {"content-type": "application/json"}
    return house.client.request(method, path, content=content, headers=headers)


def changed(*path: Any, to: Any, act: Any = POST) -> bytes:
    made = json.loads(json.dumps(act))
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(made).encode()


BODIES = {
    "nothing": b"", "no JSON": b"postings=5", "half of it": json.dumps(POST).encode()[:-1],
    "two values": json.dumps(POST).encode() * 2, "a byte-order mark": b"\xef\xbb\xbf" + json.dumps(POST).encode(),
    "not UTF-8": json.dumps(POST).encode().replace(b"bank", b"b\xe4nk"), "UTF-16": json.dumps(POST).encode("utf-16"),
    "a list": b"[]", "a text": b'"post"', "null": b"null",
    "an unknown field": changed("colour", to=1), "an unknown field within": changed("postings", 0, "fee", to=1),
    "an unknown kind": changed("kind", to="give"), "no kind": changed("kind", to=None),
    "a number for an id": changed("id", to=5), "an empty id": changed("id", to=""),
    "an id of ours": changed("id", to="txn_1"), "an id with a space": changed("id", to="a b"),
    "an id with an umlaut": changed("id", to="ä"), "a long id": changed("id", to="x" * 65),
    "no postings": changed("postings", to=[]), "101 postings": changed("postings", to=POST["postings"] * 101),
    "postings as an object": changed("postings", to={}),
    "the same account twice": changed("postings", 0, "credit", to="bank"),
    "a boolean as text": changed("postings", 0, "balancing", to="true"),
    "no time": changed("effective_at", to="yesterday"),
    "a time without offset": changed("effective_at", to="2026-01-01T00:00:00"),
    "a day": changed("effective_at", to="2026-01-01"), "31 June": changed("effective_at", to="2026-06-31T00:00:00Z"),
    "the year 3000": changed("effective_at", to="3000-01-01T00:00:00Z"),
    "nanoseconds": changed("effective_at", to="2026-01-01T00:00:00.000000001Z"),
    "full-width digits in a time": changed("effective_at", to="\uff12\uff10\uff12\uff16-01-01T00:00:00Z"),
    "an empty reference": changed("reference", to=""), "a long reference": changed("reference", to="x" * 141),
    "a bell in a reference": changed("reference", to="\a"),
    "21 keys": changed("metadata", to={f"k{number}": "" for number in range(21)}),
    "a number in metadata": changed("metadata", "note", to=5), "a long text": changed("metadata", "note", to="x" * 501),
    "an empty key": changed("metadata", to={"": "x"}),
    "a name twice": json.dumps(POST).encode().replace(b'"id"', b'"id": "other", "id"', 1),
    "an amount twice": json.dumps(POST).encode().replace(b'"amount"', b'"amount": 1, "amount"', 1),
    "a name twice, spelled differently": json.dumps(POST).encode().replace(b'"id"', b'"\\u0069d": "x", "id"', 1),
    "a comment": b"/* a */" + json.dumps(POST).encode(),
    "deep nesting": b"[" * 100_000,
    "deep nesting in a field": json.dumps(POST).encode().replace(b'"text"', b'{"a":' * 5_000),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.usefixtures("nothing_stays")
def test_a_malformed_act_leaves_nothing(house: House, body: bytes) -> None:
    assert_problem(sent(house, ACTS, body), 400, "malformed_request")
    assert_problem(sent(house, BATCHES, b'{"items":[' + body + b"]}"), 400, "malformed_request")


def leaves(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of every text in a body."""
    if isinstance(node, str):
        yield path
    for key, inner in (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    ):
        yield from leaves(inner, *path, key)


TEXTS = [
    (method, path, body, place)
    for method, path, body in (
        ("POST", ACTS, POST),
        ("POST", ACTS, POST | {"kind": "hold", "expires_at": "2199-01-01T00:00:00Z"}),
        ("POST", ACTS, {"kind": "capture", "target": "t", "amounts": ["1"]}),
        ("POST", "/v1/ledgers", {"name": "x"}),
        ("POST", f"{BOOK}/accounts", ACCOUNT | {"address": "x", "min_available": "1", "metadata": {"a": "b"}}),
        ("PUT", f"{BOOK}/accounts/ana/limits", {"min_available": "1", "max_available": "5"}),
        ("PUT", f"{BOOK}/accounts/ana/status", {"status": "open"}),
        ("POST", "/v1/wallets", WALLET),
        ("POST", "/v1/wallets/first-shop/accounts", {"asset": "EUR", "exponent": 2, "iban": RAHMENBAU}),
        ("PUT", "/v1/wallets/first-shop/accounts/EUR/limits", {"min_available": "0"}),
        ("POST", "/v1/keys", {"label": "x"}),
    )
    for place in leaves(body)
]  # fmt: skip


@pytest.mark.parametrize("text", [r"a\u0000b", r"a\ud800b", r"\udc00"], ids=["NUL", "half", "tail"])
@pytest.mark.usefixtures("nothing_stays")
def test_no_text_anywhere_carries_nul_or_half_a_character(house: House, text: str) -> None:
    for method, path, body, place in TEXTS:
        content = changed(*place, to="@@", act=body).replace(b"@@", text.encode())
        answer = sent(house, path, content, method)
        assert_problem(answer, 400, "malformed_request")
        assert len(answer.content) < 2_000


@pytest.mark.usefixtures("nothing_stays")
def test_a_body_of_ten_megabytes_is_too_large_said_or_unsaid(house: House) -> None:
    large = changed("reference", to="x" * 10_000_000)
    for content in (large, iter([large[:5_000_000], large[5_000_000:]])):
        for path, media in ((ACTS, "application/json"), ("/v1/payment-files", "application/xml")):
            if not isinstance(content, bytes) and media == "application/xml":
                continue
            answer = house.client.post(path, content=content, headers={"content-type": media})
            assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (ACTS, {"content-type": "text/plain"}, 415, "media_type_not_supported"),
        (ACTS, {"content-type": "application/json; charset=latin-1"}, 415, "media_type_not_supported"),
        (ACTS, {"content-encoding": "gzip"}, 415, "media_type_not_supported"),
        ("/v1/payment-files", {}, 415, "media_type_not_supported"),
        (ACTS, {"accept": "text/html"}, 406, "answer_type_not_acceptable"),
        (ACTS, {"idempotency-key": "a b"}, 400, "malformed_request"),
        (ACTS, {"idempotency-key": "x" * 65}, 400, "malformed_request"),
        (ACTS, {"idempotency-key": "other"}, 400, "malformed_request"),
        (BATCHES, {"idempotency-key": "a b"}, 400, "malformed_request"),
        ("/v1/payment-files", {"content-type": "text/xml", "idempotency-key": "a b"}, 400, "malformed_request"),
        (f"{ACTS}?dry_run=1", {}, 400, "malformed_request"),
        ("/v1/ledgers/none/transactions", {}, 404, "ledger_not_found"),
        (f"{ACTS}/none/none", {}, 404, "path_not_found"),
        (f"{BOOK}/verify%00", {}, 404, "path_not_found"),
        ("/v1/whoami", {}, 405, "method_not_allowed"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("nothing_stays")
def test_headers_and_paths_are_read_strictly(
    house: House, *, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    content = json.dumps({"items": [POST]} if path.endswith("batch") else POST)
    headers = {"content-type": "application/json"} | headers
    answer = house.client.post(path, content=content, headers=headers)
    assert_problem(answer, status, code)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=-1", "limit=1.0", "limit=1e0", "limit=x", "limit=\uff15", "limit=1&limit=2",
        "limit=",         "after=nonsense", "after=%00", "after=%ff", "colour=1", "since=yesterday", "metadata=x",
        "metadata[]=c", "metadata[a=c", "metadata]a[=c", "=1", "limit", "%zz=1", "since=%EF%BC%92026-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_a_query_is_read_strictly(house: House, query: str) -> None:
    assert_problem(house.client.get(f"{ACTS}?{query}"), 400, "malformed_request")


ACT = POST | {"id": None}
PLACES: list[tuple[str, str, Any, str]] = [
    ("POST", ACTS, changed("postings", 0, "amount", to=1.5), "postings[0].amount"),
    ("POST", ACTS, changed("postings", 0, "amount", to=0), "postings[0].amount"),
    ("POST", ACTS, changed("postings", 0, "credit", to="bank"), "postings[0]"),
    ("POST", ACTS, changed("postings", 0, "fee", to=1), "postings[0].fee"),
    ("POST", ACTS, changed("postings", 0, to={"debit": "a"}), "postings[0].credit"),
    ("POST", ACTS, changed("colour\n", to=1), "colour\n"),
    ("POST", ACTS, changed("x" * 500, to=1), "x" * 64),
    ("POST", ACTS, changed("effective_at", to="now"), "effective_at"),
    ("POST", ACTS, changed("metadata", to={"": ""}), "metadata"),
    ("POST", ACTS, changed("metadata", to={"a": 1}), "metadata[...]"),
    ("POST", ACTS, json.dumps(POST)[:-1] + ',"id":"b"}', "id"),
    ("POST", BATCHES, {"items": []}, "items"),
    ("POST", BATCHES, {"items": [ACT, ACT | {"reference": ""}]}, "items[1].reference"),
    ("POST", BATCHES, {"items": [ACT, ACT | {"reference": 1}]}, "items[1].reference"),
    ("POST", f"{BOOK}/accounts", ACCOUNT | {"address": "a b"}, "address"),
    ("POST", f"{BOOK}/accounts", ACCOUNT | {"address": "a", "min_available": "x"}, "min_available"),
    ("POST", f"{BOOK}/accounts", ACCOUNT, "address"),
    ("PUT", f"{BOOK}/accounts/ana/status", {"status": "gone" * 500}, "status"),
    ("GET", f"{BOOK}/accounts/a%20b", None, "address"),
    ("GET", f"{BOOK}/accounts/a%ff", None, "address"),
    ("GET", f"{BOOK}/accounts?address=a%20b", None, "address"),
    ("GET", f"{ACTS}?account=a%20b", None, "account"),
    ("GET", f"{ACTS}?account=a:%20", None, "account"),
    ("GET", f"{ACTS}?account=:%20", None, "account"),
    ("GET", f"{ACTS}?reference=%07", None, "reference"),
    ("GET", f"{ACTS}?limit=0", None, "limit"),
    ("GET", f"{ACTS}?limit=x", None, "limit"),
    ("GET", f"{ACTS}?limit=1&limit=2", None, "limit"),
    ("GET", f"{ACTS}?metadata[a]=1&metadata[a]=2", None, "metadata[a]"),
    ("GET", f"{ACTS}?colour=1", None, "colour"),
    ("GET", "/v1/whoami?colour=1", None, "colour"),
    ("GET", "/v1/ledgers?after=A", None, "after"),
    ("GET", "/v1/wallets?limit=0", None, "limit"),
    ("GET", "/v1/payments?limit=0", None, "limit"),
    ("GET", "/v1/payments?state=lost", None, "state"),
    ("GET", "/v1/keys?limit=0", None, "limit"),
    ("POST", "/v1/keys", {"label": ""}, "label"),
    ("POST", "/v1/wallets", WALLET | {"accounts": [{"asset": "e", "exponent": 2}]}, "accounts[0].asset"),
    ("POST", "/v1/wallets", WALLET | {"owner": {"kind": "person", "name": ""}}, "owner.name"),
    ("POST", "/v1/wallets", WALLET | {"owner": {"kind": "cat", "name": "a"}}, "owner.kind"),
    ("POST", "/v1/wallets/first-shop/accounts", {"asset": "e", "exponent": 2}, "asset"),
    ("PUT", "/v1/wallets/first-shop/accounts/EUR/limits", {"min_available": "x"}, "min_available"),
    ("GET", f"/v1/accounts/{ELECTRICAL}/statement?from=2026-01-02&to=2026-01-01", None, "to"),
    ("GET", f"/v1/accounts/{ELECTRICAL}/statement?from=2199-01-01&to=2199-01-01", None, "from"),
    ("GET", f"/v1/accounts/{ELECTRICAL}/statement?from=now&to=2199-01-01", None, "from"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "place"), PLACES)
def test_what_is_malformed_is_named_as_it_was_sent_with_its_reason(
    house: House, *, method: str, path: str, body: Any, place: str
) -> None:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"content-type": "application/json"} if body is not None else {}
    answer = house.client.request(
        method, path, content=content if headers else None, headers=headers
    )
    problem = assert_problem(answer, 400, "malformed_request")
    ((named, reason),) = problem["fields"].items()
    assert named == place
    assert problem["detail"] == f"{place}: {reason}"
    assert not reason[:1].isupper()
    assert len(reason) <= 200


@pytest.mark.parametrize(("key", "path"), [("a b", ACTS), ("a b", BATCHES)])
def test_a_header_that_is_malformed_is_named_too(house: House, key: str, path: str) -> None:
    headers = {"idempotency-key": key}
    answer = house.client.post(path, json={"items": [POST]}, headers=headers)
    assert list(assert_problem(answer, 400, "malformed_request")["fields"]) == ["Idempotency-Key"]


REFUSED = {
    "debit_account_not_found": {"debit": "nobody"},
    "credit_account_not_found": {"credit": "a b"},
    "debit_account_has_different_asset": {"asset": "SEK"},
    "credit_account_has_different_asset": {"credit": "usd"},
    "exceeds_available_balance": {"debit": "ana", "credit": "bank", "amount": 10**38 - 1},
}


@pytest.mark.parametrize(("code", "part"), REFUSED.items(), ids=list(REFUSED))
def test_a_refused_act_is_remembered_and_moves_nothing(
    up: Running, house: House, code: str, part: dict[str, Any]
) -> None:
    act = {"kind": "post", "postings": [POST["postings"][0] | part]}
    before = up.row_counts()
    for replayed in (None, "true"):
        answer = house.client.post(ACTS, json=act, headers={"idempotency-key": f"refused-{code}"})
        assert_problem(answer, 422, code)
        assert answer.headers.get("idempotent-replayed") == replayed
    after = up.row_counts()
    assert after.pop("ledger.transaction") == before.pop("ledger.transaction") + 1
    assert after == before


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><a>&i;</a>"
)
FORBIDDEN = "xml_has_forbidden_construct"
INCLUDED = b'<InitgPty xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd"/></InitgPty>'
FILES = {
    "no XML": (b"pay", 400, "xml_is_malformed"),
    "half of it": (initiation(Order())[:-9], 400, "xml_is_malformed"),
    "an entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 400, FORBIDDEN),
    "an entity from elsewhere": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>', 400, FORBIDDEN),
    "a billion laughs": (LAUGHS.encode(), 400, FORBIDDEN),
    "XInclude": (initiation(Order()).replace(b"<InitgPty/>", INCLUDED), 400, FORBIDDEN),
    "nested too deeply": (b"<a>" * 5_000 + b"</a>" * 5_000, 413, "xml_is_too_large"),
    "another message": (b'<a xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>', 415, "message_not_supported"),
    "no amount": (initiation(Order(amount="ten")), 422, "schema_violation"),
    "a negative amount": (initiation(Order(amount="-1.00")), 422, "schema_violation"),
    "an exponent": (initiation(Order(amount="1e2")), 422, "schema_violation"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "status", "code"), FILES.values(), ids=list(FILES))
@pytest.mark.usefixtures("nothing_stays")
def test_what_is_no_payment_file_leaves_nothing(
    house: House, content: bytes, status: int, code: str
) -> None:
    headers = {"content-type": "application/xml"}
    answer = house.client.post("/v1/payment-files", content=content, headers=headers)
    problem = assert_problem(answer, status, code)
    assert "root:" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda file: file.replace(b"<InitgPty/>", b"<CtrlSum>999.99</CtrlSum><InitgPty/>"),
            "AM16",
        ),
        (lambda file: file.replace(b"<NbOfTxs>1", b"<NbOfTxs>2"), "AM19"),
        (lambda file: file.replace(b">2.00<", b">0.00<"), "AM01"),
        (lambda file: file.replace(b">2.00<", b">2.005<"), "CH20"),
        (lambda file: file.replace(b">2.00<", b">99999999.00<"), "AM04"),
        (lambda file: file.replace(RAHMENBAU.encode(), ELECTRICAL.encode()), "AG01"),
    ],
)
def test_a_file_that_lies_is_reported_and_pays_nothing(
    up: Running, house: House, *, change: Callable[[bytes], bytes], reason: str
) -> None:
    file = initiation(Order(amount="2.00"), message_id=f"LIE-{reason}", debtor=ELECTRICAL)
    before = up.row_counts()["ledger.entry"]
    answer = house.client.post(
        "/v1/payment-files", content=change(file), headers={"content-type": "application/xml"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (
        201,
        "application/xml; charset=utf-8",
    )
    assert texts(answer.content, "GrpSts") == ["RJCT"]
    assert reason in texts(answer.content, "Cd")
    assert up.row_counts()["ledger.entry"] == before
