"""What holds for every page: it is there, it is quiet, everybody can use it, and it says nothing of other tenants."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.apps.platform import ROOT, run
from tests.browser.house import NARROW, House, axe, session_of
from tests.browser.places import OWNER, PARTS, PLACES, People, address, pages, routes, settled
from tests.browser.shots import FOLDER, SCHEMES, SIZES

HOSTILE = "\"'><script>alert(1)</script>"
POLICY = re.compile(r"script-src 'self';")


@pytest.fixture(scope="module")
def town(whole_house: House) -> dict[str, str]:
    """The names of what is there."""
    names = settled(whole_house)
    whole_house.close_contexts()
    return names


@pytest.fixture(scope="module")
def signed_in(whole_house: House, town: dict[str, str]) -> Iterator[People]:
    """People who look at pages, on a phone."""
    yield People(whole_house, viewport=NARROW)
    whole_house.close_contexts()


def test_every_page_has_a_place_and_every_place_a_page() -> None:
    assert {route.path for route in pages()} == set(PLACES) | set(PARTS)


def test_every_page_has_its_pictures_and_all_of_them_stay_small() -> None:
    wanted = {
        f"{place.name}-{size}-{scheme}.webp"
        for place in PLACES.values()
        for size in SIZES
        for scheme in SCHEMES
    }
    found = {path.name: path.stat().st_size for path in FOLDER.glob("*.webp")}
    assert set(found) == wanted, "make pictures takes them anew"
    assert sum(found.values()) < 4_000_000
    told = (ROOT / "docs" / "console.md").read_text()
    assert all(name in told for name in wanted)


@pytest.mark.parametrize("route", PLACES)
def test_a_page_is_quiet_and_everybody_can_use_it(
    route: str, signed_in: People, town: dict[str, str]
) -> None:
    place = PLACES[route]
    page = signed_in.page(place.who)
    said: list[str] = []

    def note(message: Any) -> None:
        said.append(message.text)

    page.on("console", note)
    page.on("pageerror", note)
    try:
        answer = page.goto(address(place.path, town))
        page.wait_for_load_state("networkidle")
        assert answer.status == 200
        assert said == []
        assert POLICY.search(answer.headers["content-security-policy"])
        assert answer.headers["cache-control"] == "no-store"
        # On a phone nothing is wider than the screen.
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        axe(page)
    finally:
        page.remove_listener("console", note)
        page.remove_listener("pageerror", note)


@pytest.fixture(scope="module")
def asking(whole_house: House, town: dict[str, str]) -> Iterator[httpx.Client]:
    """A browser without scripts, signed in as the owner."""
    page = whole_house.page(OWNER)
    session = session_of(page.context)
    whole_house.close_contexts()
    with httpx.Client(
        base_url=whole_house.running.url, cookies={"tallystick": session}, timeout=30
    ) as client:
        yield client


def test_no_query_of_a_page_can_break_it_or_is_said_back_raw(
    asking: httpx.Client, town: dict[str, str]
) -> None:
    for route in pages():
        path = address(route.path, town | dict.fromkeys(_fields(route.path), "x") | town)
        names = (
            [one.encode_name for one in msgspec.structs.fields(route.query)] if route.query else []
        )
        for query in ({name: HOSTILE} for name in [*names, "nothing"]):
            answer = asking.get(path, params=query)
            assert answer.status_code < 500, (path, query)
            assert "<script>alert" not in answer.text, (path, query)


def test_no_name_in_an_address_can_break_a_page_or_is_said_back_raw(asking: httpx.Client) -> None:
    for route in routes():
        fields = _fields(route.path)
        if route.method != "GET" or not fields:
            continue
        for name in (HOSTILE, "..", "%00", "x" * 400, "тест", "tnt_0"):
            path = address(
                route.path, dict.fromkeys(fields, httpx.URL(path=f"/{name}").raw_path.decode()[1:])
            )
            answer = asking.get(path)
            assert answer.status_code < 500, path
            assert "<script>alert" not in answer.text, path


def test_a_form_from_elsewhere_does_nothing(asking: httpx.Client) -> None:
    for route in routes():
        if route.method != "POST":
            continue
        path = address(route.path, dict.fromkeys(_fields(route.path), "x"))
        for headers in (
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {},
        ):
            answer = asking.post(path, data={"a": "b"}, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "sent by another site" in answer.text.lower()


def test_whoever_is_not_signed_in_is_sent_to_where_they_can_and_back(house: House) -> None:
    with httpx.Client(base_url=house.running.url, follow_redirects=False) as nobody:
        for route in pages():
            if route.public:
                continue
            path = address(route.path, dict.fromkeys(_fields(route.path), "x"))
            answer = nobody.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in?next=%2F"), path


def test_a_cookie_proves_nothing_to_the_api_and_a_key_nothing_to_a_page(
    asking: httpx.Client, house: House
) -> None:
    assert asking.get("/v1/wallets").status_code == 401
    with house.running.client() as key:
        assert key.get("/wallets", follow_redirects=False).status_code == 303


def test_what_is_another_tenants_is_as_if_it_were_nobodys(
    asking: httpx.Client, town: dict[str, str], house: House
) -> None:
    theirs = _neighbours(house)
    own = {name: f"{text[:-6]}{secrets.token_hex(3)}" for name, text in theirs.items()}
    for route in routes():
        fields = set(_fields(route.path))
        if route.method != "GET" or not fields & set(theirs):
            continue
        told = [
            asking.get(
                address(route.path, {**town, **dict.fromkeys(fields - set(town), "x"), **names})
            )
            for names in (theirs, own)
        ]
        assert told[0].status_code == told[1].status_code, route.path
        # What was asked for may be said back, and nothing else.
        said = told[0].text.replace(theirs["address"], "").replace(theirs["wallet"], "")
        assert "zqalpha" not in said, route.path


def _neighbours(house: House) -> dict[str, str]:
    """Another tenant on the same platform, with things of its own; answers their names."""
    said = run("tenant", "create", "Neighbour zqalpha", env=house.running.env)
    assert said.code == 0, said.err
    key = re.search(r"tally_\w+", said.out)
    assert key, said.err
    wallet = {
        "id": "zqalpha-wallet-000001",
        "name": "zqalpha",
        "owner": {"kind": "person", "name": "zqalpha", "reference": "z"},
        "accounts": [{"asset": "EUR", "exponent": 2}],
    }
    with house.running.client(key[0]) as client:
        client.post("/v1/ledgers", json={"name": "main"})
        answer = client.post("/v1/wallets", json=wallet)
        assert answer.is_success, answer.text
    return {"wallet": "zqalpha-wallet-000001", "address": "wallets:zqalpha-wallet-000001:eur"}


def _fields(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)
