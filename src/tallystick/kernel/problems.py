"""The one way to refuse: a problem with a code that survives every wire."""

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Retry(StrEnum):
    """When sending the same request again can help."""

    NEVER = "never"
    SAME = "same request"
    LATER = "later"


class Kind(StrEnum):
    """What went wrong in the widest sense; the edge maps each kind to one HTTP status."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNPROCESSABLE = "unprocessable"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"


class Problem(Exception):
    """A refusal the caller can act on.

    Subclasses live in the ``api.py`` of the context that raises them and set ``code`` (a sentence in
    snake case, unique in the whole program), ``kind`` and ``retry``. ``fields`` names what was wrong,
    as plain strings. One class may stand for a closed list of codes; then each instance carries its own.
    ``replayed`` when the same request was refused before and this is that answer again. ``noted_by`` is the context
    whose record has it already.
    """

    code: str = "problem"
    kind: Kind = Kind.UNPROCESSABLE
    retry: Retry = Retry.NEVER
    replayed: bool = False
    noted_by: str = ""

    def __init__(self, detail: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields: dict[str, str] = dict(fields or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Malformed(Problem):
    """The request does not have the shape its page in the reference gives. It leaves nothing behind."""

    code = "malformed_request"
    kind = Kind.MALFORMED


def malformed(place: str, reason: str) -> Malformed:
    """Refuse one place of a request, such as ``limit`` or ``items[3].postings[0].amount``."""
    return Malformed(f"{place}: {reason}", {place: reason})


def moved(problem: Malformed, starts: Mapping[str, str]) -> Malformed:
    """Say the same of another message, whose places start otherwise than those of the message that was refused."""
    for place, reason in problem.fields.items():
        for start, instead in starts.items():
            if place.startswith(start):
                return malformed(instead + place.removeprefix(start), reason)
    return problem


_classes: dict[str, type[Problem]] = {}


def travelled(
    code: str,
    detail: str,
    fields: Mapping[str, str],
    *,
    retry: str,
    is_replayed: bool,
    otherwise: Kind,
    closed: type[Problem] = Problem,
) -> Problem:
    """The refusal that came over a wire, of the very class it had, with its code, detail and fields.

    A code that no class here has comes as a ``closed``, the class of a closed list of codes, or a plain Problem, that
    carries it, of the kind ``otherwise``. A ``retry`` that is not known here is never.
    """
    kind = _class_of(code)
    problem = (kind or closed)(detail, fields)
    if kind is None:
        problem.code = code
        problem.kind = closed.kind if closed is not Problem else otherwise
    advice = Retry(retry) if retry in set(Retry) else Retry.NEVER
    if problem.retry != advice:
        problem.retry = advice
    if is_replayed:
        problem.replayed = True
    return problem


def _class_of(code: str) -> type[Problem] | None:
    if code not in _classes:
        # Looked up anew, since a context may have been imported meanwhile.
        _classes.update((kind.code, kind) for kind in _descendants(Problem))
    return _classes.get(code)


def _descendants(kind: type[Problem]) -> Iterator[type[Problem]]:
    for one in kind.__subclasses__():
        # A class of a closed list of codes has none of its own, and each instance brings one.
        if "code" in vars(one):
            yield one
        yield from _descendants(one)
