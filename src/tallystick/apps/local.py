"""What this machine keeps for the platform: its database, and the demonstration's key."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import demand_reachable
from tallystick.runtime.embedded import EmbeddedPostgres, default_home


class Remembered(msgspec.Struct, frozen=True):
    """The demonstration tenant as this machine knows it; the file is readable by its owner alone."""

    tenant: str
    key: str
    url: str


@contextmanager
def database_url(settings: Settings, *, must_exist: bool = False) -> Iterator[str]:
    """The database to use: the one that is configured, or the embedded one, started if it is not running.

    An embedded server that was started here is stopped again at the end; one that was found running stays.
    Raises ValueError or OSError when the configured one cannot be reached.
    """
    if settings.database_url:
        asyncio.run(demand_reachable(settings.database_url))
        yield settings.database_url
        return
    home = default_home()
    if must_exist and not (home / "data").is_dir():
        raise ValueError(
            f"there is no database in {home}: run `make up` first, or set TALLYSTICK_DATABASE_URL"
        )
    server = EmbeddedPostgres(home=home)
    was_running = server.is_running()
    url = server.start()
    try:
        yield url
    finally:
        if not was_running:
            server.stop()


def remembered_file() -> Path:
    """Where the demonstration's key is kept."""
    return default_home() / "demonstration.json"


def remember(value: Remembered) -> None:
    """Keep the demonstration's key for later commands of the same user."""
    path = remembered_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(value))


def remembered() -> Remembered | None:
    """The demonstration's key, when this machine has one."""
    try:
        return msgspec.json.decode(remembered_file().read_bytes(), type=Remembered)
    except (FileNotFoundError, PermissionError):
        return None
    except msgspec.MsgspecError as error:
        raise ValueError(
            f"{remembered_file()} is damaged ({error}): move it away and run `tallystick up`, "
            "which makes a new demonstration"
        ) from None
