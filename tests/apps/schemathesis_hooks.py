"""What schemathesis cannot know from a document: texts that are handed out, and a new key for each new request."""

from itertools import count
from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode

_NUMBERS = count()
_KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Finish a case that is meant well; one that is meant to be refused stays as it is."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # A cursor is handed out with a page, and none was.
    if case.query:
        case.query.pop("after", None)
        case.query = said(case.query)
    if isinstance(case.body, dict | list):
        case.body = said(case.body)
    # Whoever writes something new takes a new key; where a key is the id of what is written, it is the case's own.
    if any(one["name"] == _KEY for one in case.operation.definition.raw.get("parameters", ())):
        case.headers[_KEY] = f"new-{next(_NUMBERS)}"


def said(part: Any) -> Any:
    """A part of a request as a person could have written it: no text is blank or has characters that nobody sees.

    A schema tells lengths of texts and no more, and takes 10.0 for a whole number, which no amount of ours is.
    """
    if isinstance(part, dict):
        return {key: said(one) for key, one in part.items()}
    if isinstance(part, list):
        return [said(one) for one in part]
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if not isinstance(part, str) or (part.isprintable() and part.strip() == part != ""):
        return part
    return "".join(
        one if one.isprintable() and one.isascii() and one != " " else "x" for one in part
    )
