"""Processes are replaced under load, by the same release and by the next, and not one request fails or is doubled."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.releases.fleet import Fleet, fleet
from tests.releases.load import Load
from tests.releases.overlay import SOURCE, make_next

KEY = re.compile(r"tally_\w+")
# Whoever is asked before whoever asks.
UP = ("keys", "books", "edge")


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tallystick-releases-"))
    os.chmod(made, 0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    return make_database()


def loaded(one: Fleet, tenant: str = "releases") -> Load:
    """A tenant, and who asks for it."""
    (key,) = KEY.findall(one.command("tenant", "create", tenant).out)
    load = Load(one.url, key)
    load.prepare()
    return load


@pytest.mark.timeout(600)
def test_a_process_is_replaced_by_its_own_release(home: Path, database: str) -> None:
    with fleet("one", database=database, home=home, source=SOURCE) as one:
        load = loaded(one)
        with load:
            one.replace("all", SOURCE)
        load.demand_once()
        # Without a balancer that looks, the same is seen to fail: else nothing above would say anything.
        blind = loaded(one, "blind")
        with blind:
            one.replace_blindly("all", SOURCE, until=blind.wait_for_failure)
        with pytest.raises(AssertionError, match="/v1/"):
            blind.demand_once()


@pytest.mark.timeout(600)
def test_a_platform_goes_to_the_next_release_and_back(home: Path, database: str) -> None:
    ahead = make_next(home / "next")
    with fleet("three", database=database, home=home, source=SOURCE) as one:
        load = loaded(one)
        with load:
            assert "_pre_purpose.sql" in one.migrate(ahead, "--pre")
            for place in UP:
                one.replace(place, ahead)
            assert asked(one, load, "/openapi.json")["info"]["version"].startswith("next of ")
            opened = asked(one, load, "/v1/ledgers", name="rents", purpose="what tenants pay")
            assert opened["purpose"] == "what tenants pay"
            # The release before serves on the schema of the next, beside it and without it.
            one.replace("edge", SOURCE)
            names = {"name": "rents", "opened_at": opened["opened_at"]}
            assert names in asked(one, load, "/v1/ledgers")["items"]
            for place in ("books", "keys"):
                one.replace(place, SOURCE)
            assert names in asked(one, load, "/v1/ledgers")["items"]
        load.demand_once()


def asked(one: Fleet, load: Load, path: str, **body: Any) -> dict[str, Any]:
    """What the platform answers, at once."""
    with httpx.Client(base_url=one.url, headers=load.headers, timeout=30) as client:
        answer = client.post(path, json=body) if body else client.get(path)
    assert answer.is_success, answer.text
    return answer.json()
