"""What both sides of a far door agree on: paths, sizes, headers, and how a refusal travels.

The two sides may be of two releases. A new field of a message has a default, and is not sent while it has it, so an
older process understands what it could be asked before. What it cannot understand it refuses, and drops nothing of it:
whoever is asked is upgraded before whoever asks. In an answer what an older reader does not know is passed over.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, get_type_hints
from urllib.parse import urlsplit

import msgspec

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem, travelled
from tallystick.runtime.refusals import STATUS_BY_KIND, ProblemDocument

PATH: Final = "/doors/{context}/{door}/{method}"
MEDIA: Final = "application/json"
OUTCOME: Final = "tallystick-outcome"
"""The header that only a door itself sets; what comes without it is of the server, and was never at the door."""
ANSWERED: Final = "answered"
REFUSED: Final = "refused"
# A file of the largest size, as text in JSON, with room for the caller.
REQUEST_BYTES_MAX: Final = 16 * 1024 * 1024
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
TIMEOUT_MS: Final = 30_000

_KIND_BY_STATUS = {status: kind for kind, status in STATUS_BY_KIND.items()}


class Address(NamedTuple):
    """Where a process is reached; ``port`` is None where its URL names none."""

    host: str
    port: int | None
    authority: str


def address_of(url: str) -> Address:
    """The host, port and authority (``host:port`` as the URL has it) of a process's URL."""
    parts = urlsplit(url)
    return Address(parts.hostname or "", parts.port, parts.netloc)


class Method(NamedTuple):
    """One method of a door, as both sides see it: the path it has, and the type of its question and its answer."""

    path: str
    door: str
    function: Callable[..., Any]
    question: Any
    answer: Any


def methods_of(door: type) -> Iterator[Method]:
    """The methods of a door. Its name is that of its context and its own, such as ``ledger.Ledger``."""
    context = door.__module__.split(".")[1]
    for name, function in inspect.getmembers(door, inspect.isfunction):
        if name.startswith("_"):
            continue
        hints = get_type_hints(function)
        question = msgspec.defstruct(
            "Question",
            [("caller", Caller), ("message", hints["message"])],
            frozen=True,
            forbid_unknown_fields=True,
        )
        path = PATH.format(context=context, door=door.__name__, method=name)
        yield Method(path, f"{context}.{door.__name__}", function, question, hints["return"])


def problem_from(document: ProblemDocument, *, is_replayed: bool) -> Problem:
    """The refusal that travelled, of the very class it had, with its code, detail and fields.

    A code that no class here has comes as a plain Problem that carries it.
    """
    return travelled(
        document.code,
        document.detail,
        document.fields,
        retry=document.retry,
        is_replayed=is_replayed,
        otherwise=_KIND_BY_STATUS.get(document.status, Kind.UNPROCESSABLE),
    )
