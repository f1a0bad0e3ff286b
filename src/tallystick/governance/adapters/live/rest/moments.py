"""Times as clouds write them, some to the nanosecond."""

import re
from typing import Final

from tallystick.kernel.instants import Instant, parse

_FRACTION: Final = re.compile(r"\.(\d{1,6})\d*")


def read(text: str) -> Instant:
    """Read a time in RFC 3339; what is finer than a microsecond is left out."""
    return parse(_FRACTION.sub(r".\1", text))
