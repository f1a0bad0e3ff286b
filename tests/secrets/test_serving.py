"""`tallystick serve` on leased logins, and its own API key rotated from the command line, on record at the end."""

import itertools
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import asyncpg
import httpx
import pytest

from tallystick.apps.cli.operating import OPERATOR
from tallystick.apps.compose import identity_on
from tallystick.apps.parts import Urls
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tests.apps.platform import Reached, Running, Said, environment
from tests.loops import to_end
from tests.ports import free_port
from tests.secrets.bao import Bao
from tests.secrets.database_mount import TTL_S, without_login
from tests.secrets.specs import WRITTEN
from tests.secrets.test_list import written

KEY = WRITTEN | {
    "name": "deployment-key",
    "kind": "api_key",
    "roles": None,
    "consumers": ["deployment"],
    "homes": {"development": [], "staging": [], "production": ["gcp", "azure"]},
}


@pytest.fixture(scope="module")
def serving(
    bao: Bao, leasing_bao: str, migrated_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A platform that has no login of its own."""
    folder = tmp_path_factory.mktemp("serving")
    env = environment(
        folder / "home",
        TALLYSTICK_DATABASE_URL=without_login(migrated_url),
        TALLYSTICK_DATABASE_CREDENTIALS=f"openbao:{leasing_bao}/creds/tallystick-all",
        TALLYSTICK_OPENBAO_ADDRESS=bao.address,
        TALLYSTICK_OPENBAO_TOKEN_FILE=str(bao.token_file(["tallystick-services"], entity="all")),
        TALLYSTICK_PORT=str(free_port()),
    )
    running = Running("serve", env=env, log=folder / "log")
    yield running
    assert running.stop(signal.SIGTERM) == 0, running.said


@pytest.fixture(scope="module")
def key(serving: Running, migrated_url: str) -> str:
    """A key that makes keys and puts on record, of a tenant that an operator with a login made."""

    async def make() -> str:
        async with identity_on(Urls(migrated_url)) as identity:
            tenant = await identity.create_tenant(
                caller=OPERATOR, message=CreateTenant(name="Keeper")
            )
            caller = Caller(tenant_id=tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
            message = CreateKey(label="rotates", roles=("machine", "secret_rotator"))
            return (await identity.create_key(caller=caller, message=message)).key

    return to_end(make())


def answers(serving: Running, key: str) -> int:
    with serving.client(key) as client:
        return client.get("/v1/whoami").status_code


def logins(url: str) -> list[str]:
    async def ask() -> list[str]:
        connection = await asyncpg.connect(url)
        rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'")
        await connection.close()
        return [row["rolname"] for row in rows]

    return to_end(ask())


def test_nobody_who_asks_sees_a_change_over(serving: Running, key: str, migrated_url: str) -> None:
    seen, statuses, stop = set[str](), list[int](), Event()

    def ask() -> None:
        with serving.client(key) as client:
            while not stop.wait(0.01):
                statuses.append(client.get("/v1/whoami").status_code)

    threads = [Thread(target=ask) for _ in range(3)]
    for one in threads:
        one.start()
    try:
        ends_at = time.monotonic() + 3 * TTL_S
        while time.monotonic() < ends_at:
            seen.update(logins(migrated_url))
            stop.wait(0.2)
    finally:
        stop.set()
        for one in threads:
            one.join()
    assert len(seen) >= 2
    assert set(statuses) == {200}
    assert len(statuses) > 100


def test_a_url_with_a_login_beside_a_leased_one_is_refused(
    serving: Running, migrated_url: str
) -> None:
    said = serving.command("serve", TALLYSTICK_DATABASE_URL=migrated_url, TALLYSTICK_PORT="1")
    assert said.code == 1
    assert "TALLYSTICK_DATABASE_CREDENTIALS leases the login" in said.err


@pytest.fixture
def secrets_of(serving: Running, key: str, homes_file: Path, tmp_path: Path) -> "Secrets":
    listed = tmp_path / "secrets.toml"
    listed.write_text(written(KEY))
    return Secrets(serving, key, homes_file, listed)


class Secrets:
    """`tallystick cloud secrets` for the holder of a key."""

    def __init__(self, reached: Reached, key: str, homes_file: Path, listed: Path) -> None:
        self._reached, self._listed = reached, listed
        self._settings = {
            "TALLYSTICK_URL": reached.url,
            "TALLYSTICK_API_KEY": key,
            "TALLYSTICK_SECRET_HOMES": str(homes_file),
        }

    def __call__(self, verb: str, *arguments: str, **settings: str) -> Said:
        where = () if verb == "list" else ("--environment", "production")
        listed = ("--list", str(self._listed))
        return self._reached.command(
            "cloud", "secrets", verb, *arguments, *where, *listed, **(self._settings | settings)
        )


def kept(bao: Bao, homes_file: Path, name: str) -> dict[str, str]:
    prefix = homes_file.read_text().partition('prefix = "')[2].partition('"')[0]
    return bao.ask("GET", f"secret/data/{prefix}/production/{name}")["data"]["data"]


def test_our_own_key_is_rotated_to_its_end_with_evidence(
    serving: Running, key: str, secrets_of: Secrets, bao: Bao, homes_file: Path
) -> None:
    said = secrets_of("rotate", "deployment-key")
    assert "waiting for deployment to acknowledge rotation " in said.out, said
    first = kept(bao, homes_file, "deployment-key")
    assert answers(serving, first["key"]) == 200
    acknowledged = ("acknowledge", "deployment-key", "--consumer", "deployment")
    assert secrets_of(*acknowledged, "--rotation", first["_rotation"]).code == 0
    assert "→ done" in secrets_of("rotate", "deployment-key").out

    said = secrets_of("rotate", "deployment-key", "--json")
    state = json.loads(said.out)
    assert (state["step"], state["missing"], state["unrecorded"]) == ("spread", ["deployment"], 0)
    second = kept(bao, homes_file, "deployment-key")
    assert [answers(serving, one["key"]) for one in (first, second)] == [200, 200]
    held = homes_file.with_name("held.json")
    held.write_text(json.dumps(second))
    said = secrets_of(*acknowledged, "--holding", str(held))
    assert f"uses what rotation {second['_rotation']} made, and holds it" in said.out, said
    assert "revoked → proven → done" in secrets_of("rotate", "deployment-key").out
    assert [answers(serving, one["key"]) for one in (first, second)] == [401, 200]

    assert secrets_of("sync").code == 0
    said = secrets_of("status")
    assert "deployment-key  0 days old, due on" in said.out
    assert "deployment-key  api_key" in secrets_of("list").out
    evidence = httpx.get(
        f"{serving.url}/v1/cloud/evidence?limit=100", headers={"authorization": f"Bearer {key}"}
    ).text
    steps = [
        one["content"]["step"] for one in json.loads(evidence)["items"] if "step" in one["content"]
    ]
    wanted = ["wanted", "made", "written", "spread", "written", "spread", "vouched"]
    assert steps[: len(wanted)] == wanted
    assert steps[-3:] == ["revoked", "proven_dead", "done"]
    for one, shown in itertools.product((first, second), (evidence, said.out, serving.said)):
        assert one["key"] not in shown


def test_without_a_platform_the_steps_wait(
    serving: Running, secrets_of: Secrets, tmp_path: Path
) -> None:
    (tmp_path / "secrets.toml").write_text(
        written(KEY | {"name": "metrics-token", "kind": "random"})
    )
    away = {"TALLYSTICK_URL": "http://127.0.0.1:1"}
    assert "steps wait to be put on record" in secrets_of("rotate", "metrics-token", **away).out
    assert "metrics-token" in secrets_of("status", **away).out
    said = secrets_of("rotate", "metrics-token")
    assert "waiting for deployment" in said.out
    assert "steps wait" not in said.out


def test_what_cannot_be_is_refused_in_one_line(secrets_of: Secrets) -> None:
    for arguments, reason in (
        (("rotate", "nothing"), "the list has no secret 'nothing'"),
        (("rotate", "deployment-key", "--back"), "nothing is under way"),
        (("rotate", "deployment-key", "--back", "--looked"), "one at a time"),
        (("sync", "deployment-key"), "openbao has no production/deployment-key"),
        (
            ("acknowledge", "deployment-key", "--consumer", "x", "--rotation", "1"),
            "has the consumers deployment",
        ),
        (("acknowledge", "deployment-key", "--consumer", "deployment"), "name the rotation"),
    ):
        said = secrets_of(*arguments)
        assert said.code == 1, said
        assert reason in said.out + said.err
        assert "Traceback" not in said.err
    said = secrets_of("status", TALLYSTICK_SECRET_HOMES="")
    assert (said.code, "names no file" in said.err) == (1, True)
