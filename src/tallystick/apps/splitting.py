"""Splitting a platform over processes: a key for each, whom each hears and where it knocks, and its settings."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tallystick.apps.identifying import DOORS as DOORS_OF_IDENTITY
from tallystick.apps.parts import EDGE, NEEDS, PARTS
from tallystick.audit.api import Audit
from tallystick.contracts.catalogue import CONTRACTS
from tallystick.governance.api import Governance
from tallystick.ledger.api import Ledger
from tallystick.payments.api import Payments
from tallystick.runtime.far.peers import JOBS
from tallystick.runtime.far.wire import address_of
from tallystick.runtime.signatures import new_key
from tallystick.runtime.tls import is_loopback
from tallystick.wallets.api import Wallets

SPLITS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "one": {"all": PARTS},
        # By what each may touch: the books, keys, and strangers.
        "three": {
            "edge": ("payments", "governance", EDGE),
            "books": ("ledger", "wallets", "audit"),
            "keys": ("identity",),
        },
        "each": {part: (part,) for part in reversed(PARTS)},
    }
)
"""The parts of each process, by the split and the process's name; the one with the edge is the first."""
DOORS: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {
        "audit": (Audit,),
        "identity": tuple(DOORS_OF_IDENTITY.values()),
        "ledger": (Ledger,),
        "wallets": (Wallets,),
        "payments": (Payments,),
        "governance": (Governance,),
    }
)
"""The doors of each context."""
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104
# What every process that has a context asks, whoever it is that it is to let in.
FOR_GUARDS: Final = "Access"
# What a process asks that has a context somebody else can stand in for: for any caller's tenant, and as jobs.
FOR_SWITCHES: Final = "Serving"


class Process(NamedTuple):
    """A process of a split: its name, its parts, where others reach it, and the port it listens at."""

    name: str
    parts: tuple[str, ...]
    url: str
    port: int

    @property
    def host(self) -> str:
        """The address it listens at: the loopback where others reach it there, else every one of its machine."""
        host = address_of(self.url).host
        return host if is_loopback(host) else EVERYWHERE

    @property
    def authority(self) -> str:
        """The host and port it is asked at."""
        return address_of(self.url).authority


class Made(NamedTuple):
    """What was written for a process: its folder has ``door.key``, ``env``, and ``peers.toml`` where others knock."""

    process: Process
    folder: Path

    @property
    def env(self) -> Path:
        """The file of its settings."""
        return self.folder / "env"


def processes_of(split: str, *, port: int, at: Mapping[str, str]) -> list[Process]:
    """The processes of a split: each at ``at``, or on this machine at the ports from ``port`` on.

    Raises ValueError for a split or a process that there is none of.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split}: name one of {', '.join(SPLITS)}")
    names = SPLITS[split]
    unknown = next((name for name in at if name not in names), None)
    if unknown is not None:
        raise ValueError(f"the split {split} has {', '.join(names)}, and no {unknown}")
    return [
        _process(name, parts, at.get(name), port + number)
        for number, (name, parts) in enumerate(names.items())
    ]


def _process(name: str, parts: tuple[str, ...], url: str | None, port: int) -> Process:
    url = (url or f"http://127.0.0.1:{port}").rstrip("/")
    return Process(name, parts, url, address_of(url).port or port)


def make(processes: Sequence[Process], folder: Path) -> list[Made]:
    """Write keys, files of peers and settings into a new folder. Raises FileExistsError, OSError."""
    folder.mkdir(parents=True)
    public = {one.name: _make_key(folder.joinpath(one.name)) for one in processes}
    made = [Made(one, folder.joinpath(one.name)) for one in processes]
    for process, place in made:
        peers = _peers(process, processes, public)
        if peers:
            (place / "peers.toml").write_text(peers)
        (place / "env").write_text(_settings(process, processes, place.resolve()))
    return made


def _make_key(folder: Path) -> str:
    """Draw the key of a process into its folder; answers the public half."""
    folder.mkdir(mode=0o700)
    private, public = new_key()
    descriptor = os.open(folder / "door.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    return public


def may_call(asking: Process, asked: Process) -> dict[str, list[str]]:
    """The doors of one process that another may knock at, each with whom it may speak for there."""
    found: dict[str, list[str]] = {}
    for context, asks in _asked_by(asking).items():
        if context not in asked.parts:
            continue
        for door in DOORS[context]:
            speaks = list(asks)
            if door.__name__ == FOR_GUARDS:
                speaks += _let_in_by(asking)
            elif door.__name__ == FOR_SWITCHES:
                speaks = [JOBS] if set(CONTRACTS) & set(asking.parts) else []
            if speaks:
                found[f"{context}.{door.__name__}"] = sorted(set(speaks))
    return found


def _asked_by(process: Process) -> dict[str, list[str]]:
    """The contexts that parts of a process ask, each with whose word that is: the edge's callers, or the context's.

    That every part asks identity is for its guard alone.
    """
    found: dict[str, list[str]] = {}
    for part in process.parts:
        for context in NEEDS[part]:
            word = [] if context == "identity" and part != EDGE else [part]
            found.setdefault(context, []).extend(word)
    return found


def _let_in_by(process: Process) -> Iterator[str]:
    """Whom the guards of a process are to let in: callers of an edge, its own jobs, contexts that ask those here."""
    if any(part != EDGE for part in process.parts):
        yield from (EDGE, JOBS)
    for part, asks in NEEDS.items():
        if part != EDGE and set(asks) - {"identity"} & set(process.parts):
            yield part


def _peers(process: Process, processes: Sequence[Process], public: Mapping[str, str]) -> str:
    """The file of those who may knock here; '' where nobody has to."""
    lines = [f'here = ["{process.authority}"]']
    for one in processes:
        doors = may_call(one, process) if one != process else {}
        if doors:
            lines += [
                "\n[[peer]]",
                f'name = "{one.name}"',
                f'public_key = """\n{public[one.name]}"""',
                "[peer.may_call]",
                *(f'"{door}" = {_list(speaks)}' for door, speaks in sorted(doors.items())),
            ]
    return "\n".join(lines) + "\n" if len(lines) > 1 else ""


def _list(words: Sequence[str]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"[{quoted}]"


def _settings(process: Process, processes: Sequence[Process], folder: Path) -> str:
    """The settings of a process, as a shell and systemd read them."""
    where = {part: one.url for one in processes for part in one.parts}
    asked = [one for one in PARTS if one in _asked_by(process) and one not in process.parts]
    edge = where[EDGE]
    lines: dict[str, Any] = {
        "TALLYSTICK_ONLY": ",".join(process.parts),
        "TALLYSTICK_HOST": process.host,
        "TALLYSTICK_PORT": process.port,
        "TALLYSTICK_PUBLIC_URL": edge,
        "TALLYSTICK_DOOR_KEY": folder / "door.key",
    }
    if (folder / "peers.toml").exists():
        lines["TALLYSTICK_DOOR_PEERS"] = folder / "peers.toml"
    if asked:
        lines["TALLYSTICK_DOOR_URLS"] = " ".join(f"{one}={where[one]}" for one in asked)
    return "".join(f'{name}="{text}"\n' for name, text in lines.items())
