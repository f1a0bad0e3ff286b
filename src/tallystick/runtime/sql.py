"""SQL lives in files. A file is one statement, or many, each under a line ``-- name: words``."""

from functools import cache
from importlib.resources import files


@cache
def statement(context: str, name: str) -> str:
    """The text of ``<context>/sql/<name>.sql``, whole."""
    return (files(f"tallystick.{context}") / "sql" / f"{name}.sql").read_text("utf-8")


@cache
def queries(context: str) -> dict[str, str]:
    """The named statements of ``<context>/sql/queries.sql``. Raises ValueError for a name given twice."""
    found: dict[str, str] = {}
    for part in statement(context, "queries").split("-- name: ")[1:]:
        name, _, text = part.partition("\n")
        if name.strip() in found:
            raise ValueError(f"{context}/sql/queries.sql names {name.strip()} twice")
        found[name.strip()] = text.strip()
    return found
