"""The inventory of services, queues and buckets is whole: checked both ways against the code that makes them."""

import tomllib
from functools import cache
from typing import Any

import pytest

from tallystick.apps.parts import CONTEXTS, NEEDS, PARTS
from tests.tidy import tree
from tests.tidy.test_inventory import CLASSES, INVENTORY

COMMON = {"data", "class", "reach", "rto_minutes", "rpo_minutes", "fails"}
KEYS = {
    "service": {*COMMON, "name", "kind", "zone", "needs", "asks", "regions"},
    "queue": {*COMMON, "name", "table", "of", "filled_by", "served_by"} - {"data", "reach"},
    "bucket": {*COMMON, "purpose", "service", "locked", "copies", "regions", "clouds"},
}
ZONES = {"edge", "services", "data", "keys"}


@cache
def inventory(kind: str) -> list[dict[str, Any]]:
    """Give the rows of one kind."""
    return tomllib.loads((INVENTORY / f"{kind}s.toml").read_text())[kind]


@cache
def tables(context: str) -> list[dict[str, Any]]:
    """Give the tables of a context."""
    path = INVENTORY / f"{context}.toml"
    return tomllib.loads(path.read_text())["table"] if path.exists() else []


def services() -> dict[str, dict[str, Any]]:
    """Give the services by their names."""
    return {each["name"]: each for each in inventory("service")}


@pytest.mark.parametrize("kind", KEYS)
def test_every_row_says_everything_and_nothing_else(kind: str) -> None:
    for row in inventory(kind):
        assert row.keys() == KEYS[kind], row
        assert row["class"] in CLASSES
        assert row["rto_minutes"] > 0 <= row["rpo_minutes"]
        assert row["fails"]


def test_names_are_told_once() -> None:
    assert len(services()) == len(inventory("service"))
    purposes = [each["purpose"] for each in inventory("bucket")]
    assert len(set(purposes)) == len(purposes)


def test_every_part_is_a_service_and_every_service_of_that_kind_a_part() -> None:
    of_parts = {name for name, each in services().items() if each["kind"] == "part"}
    assert of_parts == set(PARTS)
    assert {each["kind"] for each in services().values()} == {"part", "process", "managed"}
    assert {each["zone"] for each in services().values()} == ZONES


def test_parts_ask_whom_the_code_asks() -> None:
    for part, asked in NEEDS.items():
        row = services()[part]
        assert {*row["needs"], *row["asks"]} & set(PARTS) == set(asked), part


def test_who_reaches_a_part_is_who_asks_it() -> None:
    for name in CONTEXTS:
        asking = {part for part, asked in NEEDS.items() if name in asked}
        assert set(services()[name]["reach"]) in ({"every part"}, asking), name


def test_a_service_is_back_no_later_than_those_that_need_it() -> None:
    for name, row in services().items():
        for needed in row["needs"]:
            assert services()[needed]["rto_minutes"] <= row["rto_minutes"], (name, needed)
        assert {*row["needs"], *row["asks"]} <= set(services()), name


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_part_is_as_strict_as_its_strictest_table(context: str) -> None:
    row, owned = services()[context], tables(context)
    assert owned
    assert row["class"] == max((each["class"] for each in owned), key=CLASSES.index)
    assert row["rpo_minutes"] == min(each["rpo_minutes"] for each in owned)
    assert row["rto_minutes"] <= min(
        each["rto_minutes"] for each in owned if each["name"] != "substitution"
    )


def test_the_database_is_as_strict_as_every_part() -> None:
    parts = [services()[name] for name in CONTEXTS]
    database = services()["database"]
    assert database["rpo_minutes"] == min(each["rpo_minutes"] for each in parts)
    assert database["rto_minutes"] <= min(each["rto_minutes"] for each in parts)
    assert database["class"] == max((each["class"] for each in parts), key=CLASSES.index)


def test_queues_are_tables_and_every_job_serves_one() -> None:
    served: set[str] = set()
    for queue in inventory("queue"):
        for context in queue["of"]:
            assert queue["table"] in {each["name"] for each in tables(context)}, queue["name"]
        served.add(queue["served_by"])
    working = {path.parent.name for path in tree.modules() if path.name == "jobs.py"}
    assert working - {"runtime"} <= served
    assert served <= set(services())


def test_the_sequencer_follows_every_context_that_has_leaves() -> None:
    (leaves,) = (each for each in inventory("queue") if each["name"] == "leaves")
    with_leaves = [
        name for name in sorted(CONTEXTS) if any(t["name"] == "leaf" for t in tables(name))
    ]
    assert sorted(leaves["of"]) == with_leaves


def test_a_bucket_is_of_a_service_that_is_as_strict() -> None:
    for bucket in inventory("bucket"):
        service = services()[bucket["service"]]
        for key in ("class", "rto_minutes", "rpo_minutes", "regions"):
            assert bucket[key] == service[key], (bucket["purpose"], key)
