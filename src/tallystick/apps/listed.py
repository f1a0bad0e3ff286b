"""Substitutes that a process is told of: those in other processes, and those that are installed beside it."""

import re
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

import msgspec

from tallystick.contracts.catalogue import CONTRACTS
from tallystick.runtime.configuration import Settings
from tallystick.runtime.far.about import VERSION

SUBSTITUTES_MAX: Final = 20
FILE_BYTES_MAX: Final = 65_536
SETTING: Final = "TALLYSTICK_SUBSTITUTES"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A substitute: its context, the name it has here, and where it is reached; without, it is installed here."""

    context: str
    name: str
    url: str = ""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    substitute: tuple[Listed, ...]


def listed(settings: Settings) -> tuple[Listed, ...]:
    """The substitutes that are configured. Raises ValueError with what is wrong."""
    path = settings.substitutes
    if not path:
        return ()
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise ValueError(f"it has more than {FILE_BYTES_MAX} bytes")
        found = msgspec.toml.decode(content, type=_File).substitute
    except OSError as error:
        raise ValueError(f"{SETTING}: cannot read {path} ({error.strerror})") from None
    except (ValueError, msgspec.DecodeError) as error:
        raise ValueError(f"{SETTING}: {path} is no file of substitutes ({error})") from None
    for one in found:
        if one.context not in CONTRACTS or not _NAME.fullmatch(one.name):
            raise ValueError(
                f"{SETTING}: {one.name!r} of {one.context!r}: a context is {', '.join(CONTRACTS)}, "
                "a name 1 to 50 of a-z 0-9 -"
            )
    if len(found) > SUBSTITUTES_MAX or len({(one.context, one.name) for one in found}) < len(found):
        raise ValueError(f"{SETTING}: at most {SUBSTITUTES_MAX} substitutes, each name once")
    return found


def demand_substitutes(settings: Settings) -> None:
    """Raise ValueError for what is configured of substitutes and cannot be used."""
    if any(one.url for one in listed(settings)) and not settings.door_key:
        raise ValueError(
            f"{SETTING} is set: set TALLYSTICK_DOOR_KEY too, which they are asked with"
        )


def installed(context: str, name: str) -> EntryPoint:
    """The entry point of a distribution that is installed here. Nothing of it is loaded. Raises ValueError."""
    found = [
        point
        for point in entry_points(group=f"tallystick.{context}")
        if point.dist and point.dist.name.lower().replace("_", "-") == name
    ]
    if len(found) != 1:
        raise ValueError(f"{name} has {len(found)} entry points of tallystick.{context}, not one")
    if not VERSION.fullmatch(version_of(found[0])):
        raise ValueError(
            f"the entry point {found[0].name!r} of {name} is named by the line it is of, a capital letter"
        )
    return found[0]


def version_of(point: EntryPoint) -> str:
    """The version of an installed substitute: its line, which its entry point is named by, and its distribution's."""
    return f"{point.name}.{point.dist.version if point.dist else ''}"
