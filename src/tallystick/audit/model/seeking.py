"""Which entries somebody looks for. Most fit nothing, so what can be told from their bytes is asked first."""

from collections.abc import Callable
from typing import Final

from tallystick.audit.api import ListEntries
from tallystick.kernel import entries as written
from tallystick.kernel.instants import parse, render
from tallystick.kernel.problems import malformed

MENTIONS_MAX: Final = 20

Fits = Callable[[bytes], bool]


def sought(message: ListEntries) -> Fits:
    """What tells whether an entry is looked for. Raises Malformed for a time that is none, and for too many ids."""
    since, until = _time("since", message.since), _time("until", message.until)
    named = (message.mentions or "").split()
    if len(named) > MENTIONS_MAX:
        raise malformed("mentions", f"at most {MENTIONS_MAX} ids are looked for at once")
    # As a whole string of JSON: an id that is the beginning of another is not that.
    needles = tuple(map(written.canonical, named))
    asks = (message.tag, message.on, message.by, since, until)
    if not needles and all(one is None for one in asks):
        return lambda entry: True

    def fits(entry: bytes) -> bool:
        if needles and not any(one in entry for one in needles):
            return False
        try:
            read = written.read(entry)
        except ValueError:
            return False
        return (
            (message.on is None or read.on == message.on)
            and (message.by is None or read.by == message.by)
            and (message.tag is None or _is_tagged(read.tag, message.tag))
            and (since is None or read.at >= since)
            and (until is None or read.at < until)
        )

    return fits


def _is_tagged(tag: str, wanted: str) -> bool:
    return tag.startswith(wanted) if wanted.endswith(".") else tag == wanted


def _time(field: str, text: str | None) -> str | None:
    """A time as entries spell it, so that texts compare as times do."""
    if text is None:
        return None
    try:
        return render(parse(text))
    except ValueError as error:
        raise malformed(field, str(error)) from None
