"""Turning pages of a list: back to the first, and on to the next, with what the list was asked for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


def turning(path: str, kept: Mapping[str, str], *, here: str, after: Any) -> dict[str, str]:
    """Where ``first`` and ``next`` lead, as a page's template takes them; '' where there is nothing to turn to.

    ``here`` is the cursor that this page begins after, '' on the first; ``after`` that of the next, None at the end.
    """
    return {
        "first": f"{path}?{urlencode(kept)}" if here else "",
        "next": f"{path}?{urlencode({**kept, 'after': after})}" if after else "",
    }
