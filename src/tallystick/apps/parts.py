"""Parts: what a platform is made of, which of it is in this process, and where its tables and all others are."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from tallystick.runtime.configuration import Settings

# In the order in which their roads are walked.
CONTEXTS: Final = ("audit", "identity", "ledger", "wallets", "payments", "governance")
EDGE: Final = "edge"
PARTS: Final = (*CONTEXTS, EDGE)
"""The contexts, and the edge: all that faces people and programs over HTTP."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "audit": ("identity",),
        "identity": (),
        "ledger": ("identity",),
        "wallets": ("identity", "ledger"),
        "payments": ("identity", "ledger", "wallets"),
        "governance": ("identity",),
        EDGE: CONTEXTS,
    }
)
"""Whose doors each part asks; every guard asks those of identity."""
DATABASE_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audit": "TALLYSTICK_DATABASE_URL_AUDIT",
        "identity": "TALLYSTICK_DATABASE_URL_IDENTITY",
        "ledger": "TALLYSTICK_DATABASE_URL_LEDGER",
        "wallets": "TALLYSTICK_DATABASE_URL_WALLETS",
        "payments": "TALLYSTICK_DATABASE_URL_PAYMENTS",
        "governance": "TALLYSTICK_DATABASE_URL_GOVERNANCE",
    }
)
"""The setting that says where the tables of one context are, when it has a database of its own."""
_ONLY: Final = "TALLYSTICK_ONLY"
_URLS: Final = "TALLYSTICK_DOOR_URLS"


def parts_of(settings: Settings) -> tuple[str, ...]:
    """The parts that are in this process. Raises ValueError for one that there is none of."""
    _demand_known(settings.only, PARTS, of=_ONLY)
    return tuple(part for part in PARTS if not settings.only or part in settings.only)


def contexts_of(settings: Settings) -> tuple[str, ...]:
    """The contexts that are in this process. Raises ValueError."""
    return tuple(part for part in parts_of(settings) if part != EDGE)


def elsewhere_of(settings: Settings) -> dict[str, str]:
    """Where the contexts are that parts here ask and that are not here. Raises ValueError for one nobody says it of."""
    _demand_known(settings.door_urls, CONTEXTS, of=_URLS)
    here = parts_of(settings)
    found: dict[str, str] = {}
    for part in here:
        for context in NEEDS[part]:
            if context in here:
                continue
            if context not in settings.door_urls:
                raise ValueError(
                    f"{_URLS} does not say where {context} is, which {part} asks: add {context}=https://host:port, "
                    f"or name {context} in {_ONLY} too"
                )
            found[context] = settings.door_urls[context]
    return found


def _demand_known(names: Iterable[str], known: Sequence[str], *, of: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{of} names {name}, and there is {', '.join(known)}")


class Urls(NamedTuple):
    """The databases of the contexts: one for all of them, and those of single contexts that have their own."""

    url: str
    own: Mapping[str, str] = MappingProxyType({})

    def of(self, context: str) -> str:
        """Where the tables of a context are."""
        return self.own.get(context, self.url)

    def by_url(self, contexts: Iterable[str]) -> dict[str, list[str]]:
        """These contexts by the database they are in, in their order."""
        found: dict[str, list[str]] = {}
        for context in contexts:
            found.setdefault(self.of(context), []).append(context)
        return found


def urls_of(url: str, settings: Settings) -> Urls:
    """The databases as configured, ``url`` where nothing else is said. Raises ValueError for no context of ours."""
    for name in settings.database_urls:
        if name not in CONTEXTS:
            known = ", ".join(DATABASE_SETTINGS.values())
            raise ValueError(f"TALLYSTICK_DATABASE_URL_{name.upper()} is none of {known}")
    return Urls(url, settings.database_urls)


def urls_said(settings: Settings) -> dict[str, str]:
    """What the settings say of databases, by the setting that says it; those of single contexts where they have one."""
    own = {DATABASE_SETTINGS.get(one, one): url for one, url in settings.database_urls.items()}
    return {"TALLYSTICK_DATABASE_URL": settings.database_url, **own}
