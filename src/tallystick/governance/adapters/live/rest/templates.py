"""Ids and paths with places in them: filled from attributes, and read back into them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tallystick.governance.adapters.provider.targets import TargetRefused

_PLACE: Final = re.compile(r"\{(\w+)\}")


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template's places; one that has no value is a refusal, for nothing could be found by it."""
    missing = [name for name in places_of(template) if not values.get(name)]
    if missing:
        raise TargetRefused(f"{', '.join(missing)} must be known to find {template}")
    return _PLACE.sub(lambda place: str(values[place[1]]), template)


def places_of(template: str) -> list[str]:
    """Give the names of a template's places."""
    return _PLACE.findall(template)


def read_id(template: str, text: str) -> dict[str, str]:
    """Give the places' values out of an id that follows the template, or nothing; only the first may hold slashes."""
    met: set[str] = set()
    pattern, end = "", 0
    for place in _PLACE.finditer(template):
        name, pattern = place[1], pattern + re.escape(template[end : place.start()])
        wide = ".+" if place.start() == 0 else "[^/]+"
        pattern += f"(?P={name})" if name in met else f"(?P<{name}>{wide})"
        met.add(name)
        end = place.end()
    match = re.fullmatch(pattern + re.escape(template[end:]), text)
    return match.groupdict() if match else {}
