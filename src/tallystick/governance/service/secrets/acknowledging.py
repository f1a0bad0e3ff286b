"""What consumers say: that they use what a rotation made. Each has a document of its own, so nobody waits for it."""

import hmac
from typing import Final

import msgspec

from tallystick.governance.model.homes import Documents, HomeRefused, OtherVersion, Place, Sealed
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import BadList, SecretSpec
from tallystick.kernel.instants import Instant

TRIES_MAX: Final = 5


class Acknowledged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rotation whose value a consumer says it uses, since when, and the proof that it holds it, or ""."""

    rotation: str
    at: int
    proof: str = ""


async def acknowledge(
    *,
    documents: Documents,
    place: Place,
    spec: SecretSpec,
    consumer: str,
    rotation: str,
    at: Instant,
    value: Sealed | None = None,
) -> bool:
    """Keep that a consumer uses what a rotation made; False when it said so before. Raises BadList for no consumer.

    With the `value` that it uses it is proven; without, somebody's word is taken.
    """
    if consumer not in spec.consumers:
        raise BadList(
            f"{spec.name} has the consumers {', '.join(spec.consumers)}, not {consumer!r}"
        )
    proof = proof_of(value, place=place, consumer=consumer, rotation=rotation) if value else ""
    said = Acknowledged(rotation, at, proof)
    for _ in range(TRIES_MAX):
        document, after = await documents.fetch(_path(place, consumer))
        before = _read(document)
        try:
            await documents.put(_path(place, consumer), msgspec.to_builtins(said), after=after)
        except OtherVersion:
            continue
        return before is None or (before.rotation, before.proof) != (rotation, proof)
    raise HomeRefused(f"{place}: {consumer} says several things at once: say it again")


def proof_of(value: Sealed, *, place: Place, consumer: str, rotation: str) -> str:
    """What a consumer makes of a value to prove that it holds it; nobody can use it for another or another time."""
    return value.proof(said=f"acknowledged\0{place}\0{consumer}\0{rotation}")


def counts(
    said: Acknowledged, *, state: Rotation, new: Sealed, place: Place, consumer: str
) -> bool:
    """Whether it is about this rotation, and true: proven with the new value, or said after that was made."""
    if said.rotation != state.rotation:
        return False
    if not said.proof:
        return said.at >= state.made_at
    proof = proof_of(new, place=place, consumer=consumer, rotation=state.rotation)
    return hmac.compare_digest(said.proof.encode(), proof.encode())


async def acknowledgements(
    *, documents: Documents, place: Place, spec: SecretSpec
) -> dict[str, Acknowledged]:
    """What each consumer said last; who never said anything that can be read is absent."""
    found = dict[str, Acknowledged]()
    for consumer in spec.consumers:
        document, _ = await documents.fetch(_path(place, consumer))
        if said := _read(document):
            found[consumer] = said
    return found


def _read(document: object) -> Acknowledged | None:
    try:
        return msgspec.convert(document, Acknowledged)
    except msgspec.ValidationError:
        return None


def _path(place: Place, consumer: str) -> str:
    return f"{place}/acknowledged/{consumer}"
