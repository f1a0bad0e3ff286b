"""Which parts a process has, where the others are, and what a split lets each process do."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.apps.doors import demand_doors
from tallystick.apps.parts import (
    CONTEXTS,
    DATABASE_SETTINGS,
    NEEDS,
    PARTS,
    elsewhere_of,
    parts_of,
    urls_of,
)
from tallystick.apps.splitting import SPLITS, may_call, processes_of
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.far import read_peers
from tests.apps.platform import Reached, environment
from tests.runtime.far_ground import peers_file

NO_DATABASE = DATABASE_SETTINGS["ledger"].replace("LEDGER", "BOOKS")
URLS = {"TALLYSTICK_DOOR_URLS": "ledger=https://books:8480 identity=https://keys:8480"}


@pytest.fixture
def machine(tmp_path: Path) -> Reached:
    """A machine on which nothing runs."""
    return Reached(url="http://127.0.0.1:9", env=environment(tmp_path / "home"))


def test_without_a_word_all_parts_are_here() -> None:
    assert parts_of(Settings()) == PARTS
    assert elsewhere_of(Settings()) == {}


def test_a_process_asks_elsewhere_whom_its_parts_need_and_has_not() -> None:
    settings = read_settings(URLS | {"TALLYSTICK_ONLY": "wallets, audit"})
    assert parts_of(settings) == ("audit", "wallets")
    assert elsewhere_of(settings) == {
        "identity": "https://keys:8480", "ledger": "https://books:8480",
    }  # fmt: skip
    assert elsewhere_of(read_settings(URLS | {"TALLYSTICK_ONLY": "identity"})) == {}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"TALLYSTICK_ONLY": "ledgers"}, "TALLYSTICK_ONLY names ledgers, and there is audit, "),
        (
            URLS | {"TALLYSTICK_ONLY": "payments"},
            "does not say where wallets is, which payments asks: add wallets=https://",
        ),
        ({"TALLYSTICK_ONLY": "edge"}, "does not say where audit is, which edge asks"),
        ({"TALLYSTICK_DOOR_URLS": "edge=https://a"}, "TALLYSTICK_DOOR_URLS names edge"),
        ({"TALLYSTICK_DOOR_URLS": "ledger"}, "says once of each part where it is"),
        ({"TALLYSTICK_DOOR_URLS": "ledger=http://a ledger=http://b"}, "says once of each part"),
        (URLS | {"TALLYSTICK_ONLY": "ledger"}, "set TALLYSTICK_DOOR_KEY to the private key"),
        ({NO_DATABASE: "postgresql://a"}, f"{NO_DATABASE} is none of "),
    ],
)
def test_what_cannot_be_composed_ends_in_one_line(
    machine: Reached, settings: dict[str, str], reason: str
) -> None:
    said = machine.command("serve", **settings)
    assert (said.code, said.out) == (1, "")
    assert reason in said.err, said.err


def test_each_context_may_have_a_database_of_its_own() -> None:
    settings = read_settings({"TALLYSTICK_DATABASE_URL_LEDGER": "postgresql://own"})
    urls = urls_of("postgresql://all", settings)
    assert [urls.of(one) for one in ("audit", "ledger")] == ["postgresql://all", "postgresql://own"]
    assert urls.by_url(CONTEXTS) == {
        "postgresql://all": ["audit", "identity", "wallets", "payments", "governance"],
        "postgresql://own": ["ledger"],
    }


# Splits.


@pytest.mark.parametrize("split", SPLITS)
def test_every_part_of_a_split_is_in_one_process(split: str) -> None:
    found = [part for one in processes_of(split, port=8480, at={}) for part in one.parts]
    assert sorted(found) == sorted(PARTS)


def test_a_process_may_do_at_doors_what_its_parts_need_and_no_more() -> None:
    edge, books, keys = processes_of("three", port=8480, at={})
    assert may_call(books, edge) == may_call(keys, edge) == may_call(keys, books) == {}
    assert may_call(edge, books) == {
        "audit.Audit": ["edge"],
        "ledger.Ledger": ["edge", "payments"],
        "wallets.Wallets": ["edge", "payments"],
    }
    assert set(may_call(books, keys)) == {"identity.Access", "identity.Serving"}
    assert may_call(books, keys)["identity.Access"] == ["edge", "jobs", "payments", "wallets"]
    at_keys = may_call(edge, keys)
    assert at_keys.pop("identity.Access") == ["edge", "jobs"]
    assert at_keys.pop("identity.Serving") == ["jobs"]
    assert {"identity.Identity", "identity.Edge", "identity.Tokens"} <= at_keys.keys()
    assert set(map(tuple, at_keys.values())) == {("edge",)}


def test_only_who_holds_what_can_be_substituted_asks_who_serves() -> None:
    processes = {one.name: one for one in processes_of("each", port=8480, at={})}
    asking = {
        name: may_call(one, processes["identity"]).get("identity.Serving")
        for name, one in processes.items()
        if name != "identity"
    }
    assert {name for name, words in asking.items() if words} == {"ledger", "wallets", "payments"}
    assert {tuple(words) for words in asking.values() if words} == {("jobs",)}


def test_a_process_listens_where_others_reach_it_or_everywhere() -> None:
    at = {"books": "https://books.internal:8443", "keys": "https://keys.internal/"}
    edge, books, keys = processes_of("three", port=9000, at=at)
    assert [(one.host, one.port) for one in (edge, books, keys)] == [
        ("127.0.0.1", 9000), ("0.0.0.0", 8443), ("0.0.0.0", 9002),
    ]  # fmt: skip
    assert (keys.url, books.authority) == ("https://keys.internal", "books.internal:8443")


def test_doors_are_served_beyond_the_loopback_to_known_certificates_alone(tmp_path: Path) -> None:
    peers = tmp_path / "peers.toml"
    key = Ed25519PrivateKey.generate()
    peers.write_text(peers_file(("edge", key, {"ledger.Ledger": ["edge"]})))
    words = {
        "TALLYSTICK_DOOR_PEERS": str(peers),
        "TALLYSTICK_ONLY": "ledger,identity",
        "TALLYSTICK_HOST": "0.0.0.0",
    }
    with pytest.raises(ValueError, match="set TALLYSTICK_TLS_CLIENT_CA"):
        demand_doors(read_settings(words))
    demand_doors(read_settings(words | {"TALLYSTICK_HOST": "127.0.0.1"}))
    demand_doors(read_settings(words | {"TALLYSTICK_TLS_CLIENT_CA": str(tmp_path / "ca.pem")}))


def test_in_a_full_split_nobody_speaks_for_a_neighbour() -> None:
    processes = {one.name: one for one in processes_of("each", port=8480, at={})}
    for asking in processes.values():
        for asked in processes.values():
            for door, words in may_call(asking, asked).items():
                if asking == asked or door in ("identity.Access", "identity.Serving"):
                    continue
                assert words == [asking.name], (asking, door)
                assert asked.name in NEEDS[asking.name]


def test_keys_peers_and_settings_are_written_for_each_process(
    machine: Reached, tmp_path: Path
) -> None:
    folder = tmp_path / "split"
    said = machine.command(
        "doors", "init", "--split", "three", "--folder", str(folder),
        "--at", "books=https://books.internal:8480", "--port", "9000",
    )  # fmt: skip
    assert said.code == 0, said
    for name in ("edge", "books", "keys"):
        assert f"(set -a; . {folder / name / 'env'}; exec tallystick serve)" in said.out
        assert stat.S_IMODE((folder / name / "door.key").stat().st_mode) == 0o600
    assert len({(folder / name / "door.key").read_bytes() for name in SPLITS["three"]}) == 3
    assert not (folder / "edge" / "peers.toml").exists()
    peers = read_peers((folder / "books" / "peers.toml").read_bytes())
    assert (peers.here, [one.name for one in peers.by_key.values()]) == (
        {"books.internal:8480"}, ["edge"],
    )  # fmt: skip
    env = (folder / "edge" / "env").read_text()
    assert 'TALLYSTICK_ONLY="payments,governance,edge"' in env
    assert "ledger=https://books.internal:8480" in env
    assert "identity=http://127.0.0.1:9002" in env
    env = (folder / "books" / "env").read_text()
    assert 'TALLYSTICK_HOST="0.0.0.0"\nTALLYSTICK_PORT="8480"' in env


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--split", "two", "--folder", "new"), "there is no split two: name one of one, three"),
        (("--split", "three", "--folder", "."), "name a folder that is not"),
        (("--split", "three", "--folder", "new", "--at", "books"), "--at is NAME=URL"),
        (
            ("--split", "three", "--folder", "new", "--at", "ledger=https://a"),
            "the split three has edge, books, keys, and no ledger",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused(
    machine: Reached, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    words = tuple(str(tmp_path / word) if word in ("new", ".") else word for word in words)
    said = machine.command("doors", "init", *words)
    assert (said.code, reason in said.err) == (1, True), said
    assert not (tmp_path / "new").exists()
