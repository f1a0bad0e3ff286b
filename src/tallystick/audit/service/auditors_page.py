"""The page that lies in an auditor's package and says how to check it with other people's programs."""

from importlib.resources import files

_WHOLE = "All entries are here."
_PART = (
    "Entries before {first:,} are not in this folder; for them `tile/0` stands in, and the root still binds them: "
    "ask for the earlier package to read them."
)


def auditors_page(origin: str, first: int, size: int) -> str:
    """Write the page for a package of the log ``origin`` with entries from ``first`` on, of ``size``."""
    page = (files("tallystick.audit") / "service" / "auditors_page.md").read_text("utf-8")
    partial = _PART.format(first=first) if first else _WHOLE
    return page.format(origin=origin, first=first, size=size, partial=partial)
