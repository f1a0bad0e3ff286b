"""Opening what rotations of an environment stand on, and doing the work of one command."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from tallystick.governance.adapters.homes.configured import Homes, open_homes, read_homes
from tallystick.governance.adapters.secret_kinds.api_key import ApiKey
from tallystick.governance.adapters.secret_kinds.chance import Chance
from tallystick.governance.adapters.secret_kinds.postgres_role import PostgresRole
from tallystick.governance.model.homes import (
    Copy,
    Documents,
    HomeRefused,
    Kind,
    Place,
)
from tallystick.governance.model.secrets import BadList, SecretSpec, read_secrets
from tallystick.governance.model.values import Environment
from tallystick.governance.service.secrets.following import demand_homes
from tallystick.governance.service.secrets.knowing import SecretStep, Turn, digest_key
from tallystick.governance.service.secrets.rotating import Ground
from tallystick.governance.service.secrets.syncing import (
    Drifted,
    Source,
    Synced,
    demand_ours,
    sync,
)

LIST_BYTES_MAX: Final = 262_144

Record = Callable[[SecretStep], Awaitable[bool]]


def list_of(path: Path) -> dict[str, SecretSpec]:
    """Read the list of secrets. Raises BadList."""
    try:
        content = path.read_bytes()[: LIST_BYTES_MAX + 1]
        text = content.decode()
    except OSError as error:
        raise BadList(f"cannot read the list of secrets {path} ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadList(f"the list of secrets {path} is no UTF-8") from None
    if len(content) > LIST_BYTES_MAX:
        raise BadList(f"the list of secrets {path} has over {LIST_BYTES_MAX} bytes")
    return read_secrets(text)


@asynccontextmanager
async def ground_of(
    *, homes_file: str, environment: Environment, url: str, key: str
) -> AsyncIterator[Ground]:
    """Open the homes of an environment; `url` and `key` are the platform's, for its API keys. Raises ValueError."""
    homes = read_homes(homes_file, environment=environment)
    async with AsyncExitStack() as stack:
        opened = open_homes(homes, stack, environment=environment)
        yield Ground(
            primary=opened.primary,
            documents=opened.primary,
            copies=opened.copies,
            kinds=_kinds(homes, environment=environment, url=url, key=key),
            key=await digest_key(documents=opened.primary, environment=environment),
        )


@asynccontextmanager
async def documents_of(*, homes_file: str, environment: Environment) -> AsyncIterator[Documents]:
    """Open the primary home alone, for a consumer, who may read nothing else that is known. Raises ValueError."""
    homes = read_homes(homes_file, environment=environment)
    async with AsyncExitStack() as stack:
        yield open_homes(
            msgspec.structs.replace(homes, aws=None, gcp=None, azure=None),
            stack,
            environment=environment,
        ).primary


def _kinds(homes: Homes, *, environment: Environment, url: str, key: str) -> dict[str, Kind]:
    found: dict[str, Kind] = {"random": Chance(), "webhook_hmac": Chance()}
    if key:
        found["api_key"] = ApiKey(url=url, key=key, environment=environment)
    if homes.postgres:
        try:
            at = Path(homes.postgres.url_file).read_text("utf-8").strip()
        except (OSError, UnicodeError):
            raise ValueError(
                f"the URL of PostgreSQL cannot be read from {homes.postgres.url_file}"
            ) from None
        found["postgres_role"] = PostgresRole(url=at)
    return found


async def sync_one(
    *, ground: Ground, turn: Turn, spec: SecretSpec, overwrites: bool
) -> list[Synced]:
    """Bring every home of a secret to the primary's newest version. Raises NotThere, VersionGone, HomeDown.

    Raises HomeRefused, and no home is touched, while the newest is one that its issuer may not know yet.
    """
    demand_homes(spec, ground.copies, environment=turn.place.environment)
    newest = await ground.primary.read(place=turn.place)
    _demand_in_force(turn, newest)
    source = Source(copy=newest, home=ground.primary, key=ground.key)
    try:
        await demand_ours(turn=turn, source=source, overwrites=overwrites)
    except Drifted as error:
        return [Synced(home="openbao", did="drifted", drift=error.drift, why=str(error))]
    return await sync(
        turn=turn, spec=spec, source=source, homes=ground.copies, overwrites=overwrites
    )


def _demand_in_force(turn: Turn, newest: Copy) -> None:
    state = turn.known.rotation
    if state and state.step == "wanted" and newest.mark.rotation == state.rotation:
        raise HomeRefused(
            f"{turn.place}: version {newest.version} was written by a rotation that stopped before it was in force, so "
            "it goes to no home: `tallystick cloud secrets rotate` goes on with that, or `--back` returns to the old"
        )


async def put_on_record(turn: Turn, record: Record) -> int:
    """Hand the steps of the outbox to the record, in order; answers how many still wait."""
    done = 0
    for step in turn.known.outbox:
        if not await record(step):
            break
        done += 1
    if done:
        await turn.recorded(done)
    return len(turn.known.outbox)


def place_of(spec: SecretSpec, environment: Environment) -> Place:
    """Which secret of which environment."""
    return Place(environment=environment, name=spec.name)
