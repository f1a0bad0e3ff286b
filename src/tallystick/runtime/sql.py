"""SQL lives in files. A file is one statement, or many, each under a line ``-- name: words``."""

from functools import cache
from importlib.resources import files


@cache
def statement(context: str, name: str) -> str:
    """The text of ``<context>/sql/<name>.sql``, whole."""
    return (files(f"tallystick.{context}") / "sql" / f"{name}.sql").read_text("utf-8")


@cache
def queries(context: str, name: str = "queries") -> dict[str, str]:
    """The named statements of ``<context>/sql/<name>.sql``. Raises ValueError for one named twice."""
    found: dict[str, str] = {}
    for part in statement(context, name).split("-- name: ")[1:]:
        title, _, text = part.partition("\n")
        if title.strip() in found:
            raise ValueError(f"{context}/sql/{name}.sql names {title.strip()} twice")
        found[title.strip()] = text.strip()
    return found
