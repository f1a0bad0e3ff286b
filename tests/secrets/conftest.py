"""Real servers for secrets, one of each for the session, and a file that says where they are."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from drongo.server import start_background
from moto.server import ThreadedMotoServer

from tallystick.governance.adapters.homes.configured import Opened, open_homes, read_homes
from tests.doubles.key_vault import KeyVault
from tests.governance.targets import TOKEN, key_vault
from tests.secrets.bao import Bao, running
from tests.secrets.database_mount import TTL_S, database_mounted

__all__ = ["key_vault"]


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A real OpenBao."""
    with running(tmp_path_factory.mktemp("openbao")) as started:
        yield started


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """A moto server."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def drongo() -> Iterator[str]:
    """A drongo server."""
    server, thread = start_background("127.0.0.1")
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def clouds(moto: str, drongo: str, key_vault: KeyVault) -> tuple[str, str, str]:
    """Where AWS, GCP and Azure are."""
    return moto, drongo, key_vault.url


@pytest.fixture
def homes_file(
    bao: Bao, clouds: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The file of homes: places of its own for each test, in servers that all share."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    own, (aws, gcp, azure) = secrets.token_hex(4), clouds
    # Regions and projects keep tests apart; AWS has no such place that is free to name.
    token = tmp_path / "token"
    token.write_text(TOKEN)
    homes: dict[str, dict[str, Any]] = {
        "openbao": {"address": bao.address, "token_file": str(bao.token_file()), "prefix": own},
        "aws": {"region": "eu-central-1", "endpoint": aws},
        "gcp": {"project": f"p-{own}", "token_file": str(token), "address": gcp},
        "azure": {"vault": f"{azure}/vaults/{own}", "token_file": str(token)},
    }
    path = tmp_path / "homes.toml"
    path.write_text(
        "".join(
            f"[production.{name}]\n" + "".join(f'{key} = "{one}"\n' for key, one in at.items())
            for name, at in homes.items()
        )
    )
    return path


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What homes wait between tries, in seconds; nobody waits."""
    waited = list[int]()

    async def pause(seconds: int) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tallystick.governance.adapters.homes.rest.pause", pause)
    return waited


@pytest.fixture
async def opened(homes_file: Path) -> AsyncIterator[Opened]:
    """The homes of production, opened."""
    async with AsyncExitStack() as stack:
        yield open_homes(
            read_homes(str(homes_file), environment="production"), stack, environment="production"
        )


@pytest.fixture(scope="session")
def leasing_bao(bao: Bao, migrated_url: str) -> Iterator[str]:
    """OpenBao leases logins of the tests' database, as `infra/openbao` says, for seconds; answers the mount."""
    with database_mounted(bao, url=migrated_url, ttl_s=TTL_S, max_ttl_s=2 * TTL_S) as mount:
        yield mount
