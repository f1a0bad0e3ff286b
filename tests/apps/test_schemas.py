"""The schemas of the document: each field is told, and what a schema refuses or allows the program does too."""

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from tests.apps.houses import ACCOUNT, ACTS, BOOK, POST, WALLET, House
from tests.apps.platform import Running

CAPTURE = {"kind": "capture", "id": "c", "target": "t", "amounts": ["1", 0]}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "OpenLedger": ("/v1/ledgers", {"name": "tried"}),
    "NewAccount": (
        f"{BOOK}/accounts",
        ACCOUNT | {"address": "tried:1", "min_available": "-5", "metadata": {"note": "text"}},
    ),
    "Post": (ACTS, POST),
    "Capture": (ACTS, CAPTURE),
    "OpenWallet": ("/v1/wallets", WALLET),
    "CreateKey": ("/v1/keys", {"label": "tried"}),
}
LONG = 39
TRIED: list[Any] = [
    "", " ", "a", "EUR", "eur", "a b", "a:b", "a::b", ":a", "...", "a/b", "a_b-c.d", "ä", "a\n", "\t", "€" * 140,
    *("x" * length for length in (1, 16, 17, 64, 65, 100, 101, 140, 141, 200, 201, 500, 501)),
    "0", "-0", "-1", "+1", "05", "1.0", "1e2", "9" * 38, "9" * LONG, "-" + "9" * 38,
    -1, 0, 1, 18, 19, 2**53, True, None, [], {}, ["a"], {"": "a"}, {"x" * 64: "a"}, {"x" * 65: "a"}, {"a": "x" * 501},
    {str(number): "" for number in range(21)}, [0], ["0", "1"], [1] * 100, [1] * 101,
]  # fmt: skip


def told(schema: dict[str, Any]) -> bool:
    """Whether a field says what it is: itself, by the message it holds, or by the one value it can have."""
    otherwise = any(told(part) for part in schema.get("anyOf", ()))
    return (
        "description" in schema or "$ref" in schema or len(schema.get("enum", ())) == 1 or otherwise
    )


def test_every_field_is_told(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert {"NewAccount", "Posting", "OpenWallet", "Payment", "ProblemDocument"} <= schemas.keys()
    fields = {
        f"{name}.{field}": schema
        for name, message in schemas.items()
        for field, schema in message.get("properties", {}).items()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            queries = (one for one in operation["parameters"] if one["in"] == "query")
            fields |= {f"{method} {path} {one['name']}": one["schema"] for one in queries}
    # The two routes of health answer a word.
    assert [name for name, schema in fields.items() if not told(schema)] == ["Health.status"]
    assert all("description" in message for message in schemas.values())


def test_the_page_tells_each_field_too(up: Running) -> None:
    page = httpx.get(f"{up.url}/docs").text
    for words in ("The account to debit.", "1 to 16 of <code>A-Z 0-9 . _</code>"):
        assert words in page


def places(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in inner:
        yield from places(value, *path, key)


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(body)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


# Left as they are: times and IBANs have rules of their own, a kind changes the message, and a group may be any text.
UNTRIED = {"effective_at", "iban", "kind", "group"}
# What no schema of one field can say.
OF_SEVERAL_FIELDS = (
    "minor digits by ISO 4217",
    "two different accounts",
    "at least one amount is more than zero",
)


@pytest.mark.parametrize("name", BODIES)
def test_the_program_refuses_and_allows_what_the_schema_does(
    house: House, document: dict[str, Any], name: str
) -> None:
    path, body = BODIES[name]
    content = document["paths"][path.replace(BOOK, "/v1/ledgers/{ledger}")]["post"]["requestBody"]
    schema = content["content"]["application/json"]["schema"]
    components = {"components": document["components"]}
    validator = jsonschema.Draft202012Validator(schema | components)
    tried = 0
    for place in places(body):
        if not place or UNTRIED.intersection(place):
            continue
        for value in TRIED:
            changed = with_value(body, place, value)
            answer = house.client.post(path, json=changed)
            allowed = answer.status_code < 400 or answer.json()["code"] != "malformed_request"
            assert answer.status_code < 500, (place, value, answer.text)
            if not validator.is_valid(changed):
                assert answer.status_code >= 400, (place, value)
            elif not allowed:
                assert beyond_a_schema(answer.json(), value), (place, value, answer.text)
            tried += 1
    assert tried >= len(TRIED)


def beyond_a_schema(problem: dict[str, Any], value: Any) -> bool:
    """Whether it was refused for being blank or having control characters, or for what stands beside it."""
    is_blank = isinstance(value, str) and (not value.strip() or not value.isprintable())
    return is_blank or any(words in problem["detail"] for words in OF_SEVERAL_FIELDS)
