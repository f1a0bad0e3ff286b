"""`up` and `serve` from the outside: they say where to look, they stop, they continue, they say what is wrong."""

import os
import signal
import socket
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tallystick.apps import local
from tallystick.runtime.database import ServerTooOld, demand_version
from tallystick.runtime.embedded.waiting import eventually
from tests.apps.platform import Running, Said, environment, run
from tests.ports import free_port


def processes_of(home: Path) -> list[int]:
    """Every process whose working folder or command line is in a home."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (
                str(home) in os.readlink(entry / "cwd")
                or str(home).encode() in (entry / "cmdline").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def assert_one_line(said: Said, *words: str) -> None:
    assert said.code == 1, said
    (line,) = said.err.strip().splitlines()
    assert line.startswith("tallystick: ")
    for word in words:
        assert word in line
    assert said.out == ""


@pytest.fixture
def home(empty_home: Path, request: pytest.FixtureRequest) -> Path:
    name = request.node.originalname.removeprefix("test_")[:24]
    return empty_home / f"{name}-{free_port()}"


def test_up_continues_where_it_was_stopped(home: Path) -> None:
    ports = [free_port(), free_port()]
    known, said, wallets = [], [], []
    for port in ports:
        env = environment(home, TALLYSTICK_PORT=str(port))
        running = Running("up", env=env, log=home.with_suffix(".log"))
        assert processes_of(home)
        with running.client() as client:
            wallets.append(client.get("/v1/wallets").json())
            made = {"owner": {"kind": "person", "name": "Ana"}, "name": "Ana", "id": f"at-{port}"}
            account = {"asset": "EUR", "exponent": 2}
            client.post("/v1/wallets", json=made | {"accounts": [account]}).raise_for_status()
        # The commands find the platform at the port of now, not at that of the first time.
        assert "electrical" in running.command("wallet", "list").out
        assert running.stop() == 0
        assert processes_of(home) == []
        known.append(running.known)
        said.append(running.said)
    assert known[0] == known[1] | {"url": f"http://127.0.0.1:{ports[0]}"}
    assert len(wallets[1]["items"]) == len(wallets[0]["items"]) + 1
    for words in (
        f":{ports[0]}",
        "/docs",
        known[0]["tenant"],
        "demonstration.json",
        "pay ",
        "Ctrl-C",
    ):
        assert words in said[0]
    assert "migrations applied" in said[0]
    assert "schema as before" in said[1]
    for text in said:
        assert known[0]["key"] not in text
        assert text.rstrip().endswith("stopped.")
    assert (home / "demonstration.json").stat().st_mode & 0o777 == 0o600


def test_a_terminated_up_stops_its_postgresql(home: Path) -> None:
    env = environment(home, TALLYSTICK_PORT=str(free_port()))
    running = Running("up", env=env, log=home.with_suffix(".log"))
    assert running.stop(signal.SIGTERM) == 0
    assert processes_of(home) == []


def children_of(pid: int) -> list[int]:
    """The processes that a process started and that run."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def runs(pid: int) -> bool:
    """Whether a process runs; one that ended and was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sequencers_of(pid: int) -> list[int]:
    """The processes that a process started to sequence."""
    return [
        child
        for child in children_of(pid)
        if runs(child) and b"\0sequence\0" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_killed_sequencer_is_replaced_and_one_that_said_why_it_ended_is_not(home: Path) -> None:
    env = environment(home, TALLYSTICK_PORT=str(free_port()))
    running = Running("up", env=env, log=home.with_suffix(".log"))
    (first,) = sequencers_of(running.process.pid)
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: first not in sequencers_of(running.process.pid), timeout_s=30)
    assert eventually(lambda: len(sequencers_of(running.process.pid)) == 1, timeout_s=30)
    with running.client() as client:
        made = client.post("/v1/keys", json={"label": "after"}).json()["key_id"]
        asked = {"on": made}

        def is_there() -> bool:
            return bool(client.get("/v1/log/entries", params=asked).json()["items"])

        assert eventually(is_there, timeout_s=30)
    # Other keys than those that signed are refused in a line, and asking again would say the same.
    (second,) = sequencers_of(running.process.pid)
    (home / "record-keys").unlink()
    os.kill(second, signal.SIGKILL)
    assert eventually(lambda: "the keys that signed until now" in running.said, timeout_s=30)
    assert eventually(lambda: sequencers_of(running.process.pid) == [], timeout_s=30)
    with running.client() as client:
        assert client.get("/v1/whoami").status_code == 200
    assert running.stop() == 0
    assert processes_of(home) == []


def test_a_killed_up_leaves_nothing_running_and_the_next_goes_on(home: Path) -> None:
    env = environment(home, TALLYSTICK_PORT=str(free_port()))
    running = Running("up", env=env, log=home.with_suffix(".log"))
    left = {*children_of(running.process.pid), *processes_of(home)} - {running.process.pid}
    assert len(left) >= 3, "a worker, PostgreSQL and its children"
    running.stop(signal.SIGKILL)
    assert eventually(lambda: not any(map(runs, left)), timeout_s=30), running.said
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/healthz")
    again = Running("up", env=env, log=home.with_suffix(".log"))
    with again.client() as client:
        assert client.get("/v1/wallets").status_code == 200
    assert again.stop() == 0
    assert processes_of(home) == []


def test_a_killed_serve_leaves_no_worker(up: Running, home: Path) -> None:
    settings = {"TALLYSTICK_DATABASE_URL": up.database_url(), "TALLYSTICK_PORT": str(free_port())}
    running = Running("serve", env=environment(home, **settings), log=home.with_suffix(".log"))
    (worker,) = children_of(running.process.pid)
    running.stop(signal.SIGKILL)
    assert eventually(lambda: not runs(worker), timeout_s=30), running.said
    assert httpx.get(f"{up.url}/readyz").status_code == 200


def test_serve_uses_the_database_it_is_given(up: Running, home: Path) -> None:
    env = environment(
        home, TALLYSTICK_PORT=str(free_port()), TALLYSTICK_DATABASE_URL=up.database_url()
    )
    running = Running("serve", env=env, log=home.with_suffix(".log"))
    with running.client(up.known["key"]) as client:
        assert client.get("/v1/whoami").json()["tenant"] == up.known["tenant"]
    assert running.stop() == 0
    assert not home.exists()
    assert httpx.get(f"{up.url}/readyz").status_code == 200


def test_a_server_that_is_too_old_is_told_so() -> None:
    class Connection:
        def get_server_version(self) -> SimpleNamespace:
            return SimpleNamespace(major=15, minor=8)

    with pytest.raises(
        ServerTooOld, match=r"PostgreSQL 15\.8 is too old.* 16 or newer.*TALLYSTICK_DATABASE_URL"
    ):
        demand_version(Connection())


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_taken_port_is_told_in_one_line(home: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(command, env=environment(home, TALLYSTICK_PORT=str(port)))
    assert_one_line(said, str(port), "taken", "TALLYSTICK_PORT")
    assert not home.exists()


def test_a_second_up_does_not_share_the_port_of_the_first(up: Running, home: Path) -> None:
    port = up.url.rpartition(":")[2]
    assert_one_line(run("up", env=environment(home, TALLYSTICK_PORT=port)), port, "taken")


@pytest.mark.parametrize("is_own", [False, True], ids=["embedded", "its own database"])
def test_a_second_up_on_one_home_is_refused_and_changes_nothing(up: Running, is_own: bool) -> None:
    known = up.known
    settings = {"TALLYSTICK_PORT": str(free_port())}
    if is_own:
        settings["TALLYSTICK_DATABASE_URL"] = up.database_url()
    for port in (settings["TALLYSTICK_PORT"], up.url.rpartition(":")[2]):
        said = run("up", env=up.env | settings | {"TALLYSTICK_PORT": port})
        assert_one_line(said, f"runs on {up.home} already at {up.url}", "TALLYSTICK_HOME")
    assert up.known == known
    assert up.command("wallet", "list").code == 0


def test_whoever_is_refused_a_home_leaves_it_to_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("TALLYSTICK_HOME", str(home))
    with local.only_up():
        for again in (local.demand_no_other_up, lambda: local.only_up().__enter__()):
            with pytest.raises(ValueError, match=r"runs on .*home already: use that one"):
                again()
        assert home.is_dir()
    # Nothing was put in it, so it is gone as it came; one that was there stays.
    assert not home.exists()
    home.mkdir()
    local.demand_no_other_up()
    assert home.is_dir()


@pytest.mark.parametrize(
    ("command", "name", "value", "word"),
    [
        ("up", "TALLYSTICK_PORT", "eighty", "1 to 65535"),
        ("up", "TALLYSTICK_PORT", "70000", "1 to 65535"),
        ("serve", "TALLYSTICK_POOL_SIZE", "0", "1 to 50"),
        ("serve", "TALLYSTICK_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("serve", "TALLYSTICK_HOST", "no such host", "over TLS only"),
        ("serve", "TALLYSTICK_WIRE_DOORS", "yes", "is 1, or not set, not 'yes'"),
        ("up", "TALLYSTICK_HOME", "{checkout}", "checkout"),
    ],
)
def test_a_broken_setting_is_told_in_one_line(
    up: Running, tmp_path: Path, *, command: str, name: str, value: str, word: str
) -> None:
    (tmp_path / ".git").mkdir()
    value = value.replace("{checkout}", str(tmp_path / "home"))
    settings = {"TALLYSTICK_PORT": str(free_port()), name: value}
    assert_one_line(up.command(command, **settings), name, word)


@pytest.mark.parametrize(
    "command", ["up", "serve", "migrate", "verify", "tenant create x", "tenant list"]
)
def test_a_database_that_cannot_be_reached_is_told_with_its_setting(
    up: Running, tmp_path: Path, command: str
) -> None:
    for url, word in (
        ("nonsense", "is not postgresql://login:password@host:port/database"),
        ("http://a:secret@127.0.0.1/c", "is not postgresql://"),
        ("postgresql://a:sec/ret@127.0.0.1/c", "%-escapes"),
        ("postgresql://a:secret@127.0.0.1:99999/c", "is not postgresql://"),
        ("postgresql://a:secret@127.0.0.1:1/c", "no PostgreSQL answers at 127.0.0.1:1/c (Connect"),
        ("postgresql://a:secret@no.host.invalid/c", "no PostgreSQL answers at no.host.invalid/c ("),
    ):
        home = tmp_path / "home"
        settings = {"TALLYSTICK_PORT": str(free_port()), "TALLYSTICK_HOME": str(home)}
        said = up.command(*command.split(), **settings, TALLYSTICK_DATABASE_URL=url)
        assert_one_line(said, "TALLYSTICK_DATABASE_URL", word)
        assert "sec" not in said.err
        assert not home.exists()


def test_what_the_database_refuses_is_told_in_one_line(up: Running) -> None:
    port = {"TALLYSTICK_PORT": str(free_port())}
    wrong = up.database_url().replace("tallystick:", "tallystick:x", 1)
    empty = up.database_url(database="postgres")
    nowhere = up.database_url(database="nowhere")
    for command in ("serve", "verify", "tenant list"):
        for url, word in ((wrong, "password"), (empty, "tallystick migrate"), (nowhere, "nowhere")):
            said = up.command(*command.split(), TALLYSTICK_DATABASE_URL=url, **port)
            assert_one_line(said, word)
