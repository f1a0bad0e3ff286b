"""What this machine keeps for the platform: its database, the demonstration's key, and who is signed in."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from tallystick.apps.parts import Urls, contexts_of, urls_of
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import demand_reachable
from tallystick.runtime.embedded import EmbeddedPostgres, default_home
from tallystick.runtime.holding import hold


class Remembered(msgspec.Struct, frozen=True):
    """The demonstration tenant as this machine knows it; the file is readable by its owner alone."""

    tenant: str
    key: str
    url: str


@contextmanager
def databases(settings: Settings, *, must_exist: bool = False) -> Iterator[Urls]:
    """The databases of the contexts here: those that are configured, or the embedded one, started if it is not running.

    An embedded server that was started here is stopped again at the end, also when we are killed; one that was found
    running stays.
    Raises ValueError or OSError when a configured one cannot be reached.
    """
    urls = urls_of(settings.database_url, settings)
    wanted = urls.by_url(contexts_of(settings))
    for url in filter(None, wanted):
        asyncio.run(demand_reachable(url))
    if "" not in wanted:
        yield urls
        return
    home = default_home()
    if must_exist and not (home / "data").is_dir():
        raise ValueError(
            f"there is no database in {home}: run `make up` first, or set TALLYSTICK_DATABASE_URL"
        )
    server = EmbeddedPostgres(home=home, end_with_us=True)
    was_running = server.is_running()
    url = server.start()
    try:
        yield urls._replace(url=url)
    finally:
        if not was_running:
            server.stop()


def demand_no_other_up() -> None:
    """Raise ValueError when a `tallystick up` runs on this home. A home that is not there is not made."""
    if default_home().is_dir():
        with only_up():
            return


@contextmanager
def only_up() -> Iterator[None]:
    """Hold the home for one `tallystick up`: a second would take the address that commands remember for its own.

    Raises ValueError when another holds it. The kernel lets go of it with the process, however that ends.
    """
    home = default_home()
    was_there = home.is_dir()
    home.mkdir(parents=True, exist_ok=True)
    descriptor = _held(home)
    try:
        yield
    finally:
        if not was_there:  # one that nothing was put in goes again
            with suppress(OSError):
                home.rmdir()
        os.close(descriptor)


def _held(home: Path) -> int:
    try:
        return hold(home)
    except BlockingIOError:
        known = remembered()
        raise ValueError(
            f"`tallystick up` runs on {home} already{f' at {known.url}' if known else ''}: use that one, "
            "or end it first, or set TALLYSTICK_HOME to another folder"
        ) from None


def remembered_file() -> Path:
    """Where the demonstration's key is kept."""
    return default_home() / "demonstration.json"


def remember(value: Remembered) -> None:
    """Keep the demonstration's key for later commands of the same user."""
    _keep(remembered_file(), value)


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


class DemonstrationPerson(msgspec.Struct, frozen=True):
    """What somebody of the demonstration signs in with: a password, and the secret of codes in base 32."""

    password: str
    secret: str


def people_file() -> Path:
    """Where the people of the demonstration are kept."""
    return default_home() / "people.json"


def keep_people(value: dict[str, DemonstrationPerson]) -> None:
    """Keep what the people of the demonstration sign in with; the file is readable by its owner alone."""
    _keep(people_file(), value)


def people() -> dict[str, DemonstrationPerson]:
    """What the people of the demonstration sign in with, by name; empty before there are any."""
    try:
        return msgspec.json.decode(people_file().read_bytes(), type=dict[str, DemonstrationPerson])
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except msgspec.MsgspecError as error:
        raise ValueError(
            f"{people_file()} is damaged ({error}): remove it, and run `tallystick up`"
        ) from None


class SignedInHere(msgspec.Struct, frozen=True):
    """The session of this user, and the platform it is with; the file is readable by its owner alone."""

    url: str
    tenant: str
    session: str
    session_id: str
    person: str
    expires_at: str


def session_file() -> Path:
    """Where the session of this user is kept."""
    return default_home() / "session.json"


def keep_session(value: SignedInHere) -> None:
    """Keep a session for later commands of the same user."""
    _keep(session_file(), value)


def kept_session() -> SignedInHere | None:
    """The session of this user, if there is one; it may have ended."""
    try:
        return msgspec.json.decode(session_file().read_bytes(), type=SignedInHere)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except msgspec.MsgspecError as error:
        raise ValueError(
            f"{session_file()} is damaged ({error}): remove it, and run `tallystick login`"
        ) from None


def forget_session() -> None:
    """Forget the session of this user."""
    session_file().unlink(missing_ok=True)


def device() -> str:
    """What this machine is known by when its user signs in: chance, drawn once and kept."""
    path = default_home() / "device.json"
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=str)
    drawn = secrets.token_urlsafe(32)
    _keep(path, drawn)
    return drawn


def _keep(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        # One that was there may have been readable by others.
        os.fchmod(file.fileno(), 0o600)
        file.write(msgspec.json.encode(value))
