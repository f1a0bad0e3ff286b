"""Doors between processes: at whose knock this one opens, and with which key it knocks elsewhere."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.apps.parts import EDGE, elsewhere_of, parts_of
from tallystick.identity.api.substitutions import OURS
from tallystick.runtime.clock import Clock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.far import Circuit, Client, Peers, door_routes, far, read_peers
from tallystick.runtime.far.about import about_route
from tallystick.runtime.far.nonces import SpentNonces
from tallystick.runtime.far.peers import FILE_BYTES_MAX
from tallystick.runtime.routes import Route
from tallystick.runtime.signatures import Signer, private_key
from tallystick.runtime.tls import is_loopback

Door = TypeVar("Door")

_KEY: Final = "TALLYSTICK_DOOR_KEY"
_PEERS: Final = "TALLYSTICK_DOOR_PEERS"


def peers_of(settings: Settings) -> Peers | None:
    """Whose knocks this process hears, as configured; None is nobody's. Raises ValueError."""
    path = settings.door_peers
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            return read_peers(file.read(FILE_BYTES_MAX + 1))
    except OSError as error:
        raise ValueError(f"{_PEERS}: cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise ValueError(f"{_PEERS}: {path}: {error}") from None


def demand_doors(settings: Settings) -> None:
    """Raise ValueError for what is configured of doors and cannot be used."""
    serves = peers_of(settings) is not None and EDGE not in parts_of(settings)
    if serves and not is_loopback(settings.host) and not settings.tls_client_ca:
        raise ValueError(
            f"doors are served at {settings.host} to whoever reaches it: set TALLYSTICK_TLS_CLIENT_CA to the authority "
            "of the other processes' certificates, or TALLYSTICK_HOST to 127.0.0.1"
        )
    if elsewhere_of(settings) or settings.door_key:
        _key_of(settings)


def _key_of(settings: Settings) -> Ed25519PrivateKey:
    """The key this process signs with. Raises ValueError when none is configured, or none that can be used."""
    if not settings.door_key:
        raise ValueError(f"set {_KEY} to the private key of this process")
    return private_key(settings.door_key, setting=_KEY)


def opened(
    gates: Iterable[tuple[type, Any]],
    *,
    settings: Settings,
    databases: Mapping[str, Database],
    clock: Clock,
) -> Sequence[Route]:
    """The routes of these doors for other processes; none where no peers are configured. Raises ValueError.

    What was signed once is remembered in the database of the context whose door it opened, for all processes.
    """
    peers = peers_of(settings)
    if peers is None:
        return ()
    spends = {
        context: SpentNonces(database=database, context=context, clock=clock).spend
        for context, database in databases.items()
    }
    told = about_route(databases.keys(), name="tallystick", version=OURS)
    return [*door_routes(gates, peers=peers, spends=spends, clock=clock), told]


class Knocking:
    """What this process knocks with at the doors of others: its key, and its connections."""

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        """Raises ValueError when no key is configured, or none that can be used."""
        key = _key_of(settings)
        self._signer = Signer(key=key, clock=clock, chance=secrets.token_bytes)
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}
        self._clients: dict[str, Client] = {}

    def at(self, door: type[Door], url: str, *, client: Client | None = None) -> Door:
        """A door in the process at ``url``, over connections of ``client`` if it has its own.

        All doors of a process share its connections and its circuit: one that hangs takes none from the others.
        Raises ValueError for an address without TLS elsewhere.
        """
        if client is None:
            client = self._clients.get(url) or Client()
            self._clients[url] = client
        if url not in self._circuits:
            self._circuits[url] = Circuit(target=url, clock=self._clock)
        return far(door, url=url, signer=self._signer, client=client, circuit=self._circuits[url])

    def is_away(self, url: str) -> bool:
        """Whether the process at ``url`` did not answer lately, so that it is left alone."""
        circuit = self._circuits.get(url)
        return circuit is not None and circuit.is_open

    async def stop(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.stop()


class FarDoors:
    """The doors of contexts that are in other processes, where this one is told they are."""

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        """Raises ValueError for a context that nobody says it of, and for a key that is missing or cannot be used."""
        self._elsewhere = elsewhere_of(settings)
        self._knocking = Knocking(settings=settings, clock=clock) if self._elsewhere else None

    def at(self, context: str, door: type[Door]) -> Door:
        """A door of a context that is elsewhere; of one that no part here asks, nothing to ask."""
        if self._knocking is None or context not in self._elsewhere:
            nothing: Any = None
            return nothing
        return self._knocking.at(door, self._elsewhere[context])

    def where(self, context: str) -> str:
        """The address of the process that a context is in; '' for none elsewhere."""
        return self._elsewhere.get(context, "")

    def is_away(self, context: str) -> bool:
        """Whether the process of a context did not answer lately."""
        return self._knocking is not None and self._knocking.is_away(self.where(context))

    async def stop(self) -> None:
        """Close the connections."""
        if self._knocking is not None:
            await self._knocking.stop()
