"""Read a state as Terraform writes it to a backend, far enough to keep it: version 4, whole, whose it is.

Source: Terraform's `states/statefile`, version 4: `serial` grows with every change, `lineage` is drawn once for a line
of states. Our estates name themselves in the output `estate`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast

from tallystick.governance.api import STATE_BYTES_MAX, StateIsOfAnotherEstate, StateNotReadable

_VERSION: Final = 4
_SERIAL_MAX: Final = 10**12
SERIAL_LEAP_MAX: Final = 1_000_000
_SERIAL: Final = re.compile(rb'("serial"\s*:\s*)[0-9]+')
_LINEAGE_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptState:
    """A state that is whole; ``is_named`` when it says itself of which estate it is."""

    serial: int
    lineage: str
    content: bytes
    is_named: bool = False

    @property
    def digest(self) -> bytes:
        """SHA-256 of its bytes."""
        return sha256(self.content).digest()


def read_state(content: bytes, *, estate: str) -> KeptState:
    """Read a state that is written for an estate. Raises StateNotReadable, StateIsOfAnotherEstate."""
    if len(content) > STATE_BYTES_MAX:
        raise StateNotReadable(f"a state has at most {STATE_BYTES_MAX} bytes: split the estate")
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        raise StateNotReadable(
            "this is no whole JSON: it was cut short, or never was a state"
        ) from None
    if not isinstance(read, dict):
        raise StateNotReadable("this JSON is no state")
    state = cast("dict[str, Any]", read)
    _demand_whole(state)
    named = _named(state)
    if named not in (None, estate):
        raise StateIsOfAnotherEstate(f"the state says that it is of {str(named)[:64]}")
    return KeptState(
        serial=state["serial"],
        lineage=state["lineage"],
        content=content,
        is_named=named is not None,
    )


def demand_next(state: KeptState, *, lineage: str | None, former: int | None) -> None:
    """Raise unless a state goes on with the line of its estate: StateIsOfAnotherEstate, StateNotReadable.

    The first one names its estate, and a serial does not leap: one that could not grow any more would end the estate.
    """
    if lineage is None and not state.is_named:
        raise StateIsOfAnotherEstate(
            "the first state of an estate says whose it is, by its output `estate`"
        )
    if lineage not in (None, state.lineage):
        raise StateIsOfAnotherEstate("the state is of another line than this estate's")
    if state.serial > (former or 0) + SERIAL_LEAP_MAX:
        raise StateNotReadable(
            f"the serial {state.serial} leaps more than {SERIAL_LEAP_MAX} past {former or 0}"
        )


def renumbered(state: KeptState, *, serial: int) -> KeptState:
    """The same state with another serial, in the bytes that Terraform wrote. Raises StateNotReadable."""
    content = _SERIAL.sub(rb"\g<1>%d" % serial, state.content, count=1)
    if json.loads(content) != json.loads(state.content) | {"serial": serial}:
        raise StateNotReadable("the serial of this version is not where Terraform writes it")
    return KeptState(serial=serial, lineage=state.lineage, content=content)


def _demand_whole(state: Mapping[str, Any]) -> None:
    if state.get("version") != _VERSION:
        raise StateNotReadable("only states of version 4 are kept: upgrade Terraform")
    serial, lineage = state.get("serial"), state.get("lineage")
    if type(serial) is not int or not 0 <= serial <= _SERIAL_MAX:
        raise StateNotReadable("the state has no serial")
    if not isinstance(lineage, str) or not 1 <= len(lineage) <= 64:
        raise StateNotReadable("the state has no lineage")
    if not _LINEAGE_CHARACTERS.issuperset(lineage):
        raise StateNotReadable("the lineage of the state is none that Terraform draws")
    if not isinstance(state.get("resources"), list) or not isinstance(state.get("outputs"), dict):
        raise StateNotReadable("the state does not say its resources and outputs")


def _named(state: Mapping[str, Any]) -> object:
    output = state["outputs"].get("estate")
    return cast("dict[str, Any]", output).get("value") if isinstance(output, dict) else None
