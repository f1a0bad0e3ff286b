"""What consumers say: which version of a secret they use. Each has a document of its own, so nobody waits for it."""

from typing import Final

import msgspec

from tallystick.governance.model.homes import Documents, HomeRefused, OtherVersion, Place
from tallystick.governance.model.secrets import BadList, SecretSpec
from tallystick.kernel.instants import Instant

TRIES_MAX: Final = 5


class Acknowledged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version of the primary home that a consumer says it uses, and since when it says so."""

    version: str
    at: int


async def acknowledge(
    *,
    documents: Documents,
    place: Place,
    spec: SecretSpec,
    consumer: str,
    version: str,
    at: Instant,
) -> bool:
    """Keep that a consumer uses a version; False when it said so before. Raises BadList for no consumer of it."""
    if consumer not in spec.consumers:
        raise BadList(
            f"{spec.name} has the consumers {', '.join(spec.consumers)}, not {consumer!r}"
        )
    for _ in range(TRIES_MAX):
        document, after = await documents.fetch(_path(place, consumer))
        if document is not None and _read(document, place).version == version:
            return False
        said = msgspec.to_builtins(Acknowledged(version, at))
        try:
            await documents.put(_path(place, consumer), said, after=after)
            return True
        except OtherVersion:
            continue
    raise HomeRefused(f"{place}: {consumer} says several things at once: say it again")


async def acknowledgements(
    *, documents: Documents, place: Place, spec: SecretSpec
) -> dict[str, Acknowledged]:
    """What each consumer said last; who never said anything is absent."""
    found = dict[str, Acknowledged]()
    for consumer in spec.consumers:
        document, _ = await documents.fetch(_path(place, consumer))
        if document is not None:
            found[consumer] = _read(document, place)
    return found


def _read(document: object, place: Place) -> Acknowledged:
    try:
        return msgspec.convert(document, Acknowledged)
    except msgspec.ValidationError:
        raise HomeRefused(
            f"{place}: what a consumer said cannot be read: have it said again"
        ) from None


def _path(place: Place, consumer: str) -> str:
    return f"{place}/acknowledged/{consumer}"
