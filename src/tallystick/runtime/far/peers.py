"""Peers: which other processes may knock at which doors of this one, and whom each may speak for there."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import is_of_trial, tenant_id_of, tenant_name
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.signatures import key_id_of

FILE_BYTES_MAX = 65_536
PEERS_MAX = 100
EDGE, JOBS, OPERATOR = "edge", "jobs", "operator"
"""Whom a peer may speak for besides contexts: whoever an edge has proven, its own jobs, an operator."""
TRIALS = "trials"
"""Among the tenants of a peer: those that trials are made in."""
TENANTS_MAX = 1_000
_JOB = "job:"


class DoorNotOpen(Problem):
    """The process that asks may not knock at this door, or not for this caller."""

    code = "door_not_open_to_process"
    kind = Kind.FORBIDDEN


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another process. ``may_call`` has the doors it may knock at, each with those it may speak for there.

    ``edge`` is whoever an edge has proven (a person, a key, a client), who asks without a context between; ``jobs`` and
    ``operator`` are what they are called; anything else is a context that asks on the caller's behalf. ``tenants`` are
    those it may bring callers of, and ``trials`` among them is all that trials are made in; None is all, as it is for
    processes of ours.
    """

    name: str
    public_key: str
    may_call: dict[str, tuple[str, ...]]
    tenants: tuple[str, ...] | None = None

    def demand_may(self, door: str, caller: Caller) -> None:
        """Raise DoorNotOpen unless this process may bring this caller to this door."""
        speaks_for = self.may_call.get(door, ())
        if _spoken_for(caller) not in speaks_for:
            raise DoorNotOpen(
                f"{self.name} may not speak for {_spoken_for(caller)} here.", {"door": door}
            )
        if not self._has(caller.tenant_id):
            raise DoorNotOpen(f"{self.name} may not speak for this tenant here.", {"door": door})

    def _has(self, tenant_id: int) -> bool:
        if self.tenants is None or tenant_name(tenant_id) in self.tenants:
            return True
        return TRIALS in self.tenants and is_of_trial(tenant_id)

    def demand_open(self, door: str) -> None:
        """Raise DoorNotOpen unless this process may knock at this door at all."""
        if door not in self.may_call:
            raise DoorNotOpen(f"{self.name} may not knock at this door.", {"door": door})


class Peers(msgspec.Struct, frozen=True, kw_only=True):
    """The peers of a process by the id of their key, and the authorities (``host:port``) it is reached at itself."""

    here: frozenset[str]
    by_key: dict[str, Peer]
    keys: dict[str, Ed25519PublicKey]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    here: tuple[str, ...]
    peer: tuple[Peer, ...]


def read_peers(content: bytes) -> Peers:
    """Read the file of peers, TOML. Raises ValueError with what is wrong."""
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(f"a file of peers has at most {FILE_BYTES_MAX} bytes")
    try:
        file = msgspec.toml.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no file of peers ({error})") from None
    if not file.here or not 1 <= len(file.peer) <= PEERS_MAX:
        raise ValueError(f"it has where this process is reached, and 1 to {PEERS_MAX} peers")
    by_key: dict[str, Peer] = {}
    keys: dict[str, Ed25519PublicKey] = {}
    for peer in file.peer:
        key = _public_key(peer)
        key_id = key_id_of(key)
        if key_id in by_key:
            raise ValueError(f"{peer.name} has the key of {by_key[key_id].name}")
        _demand_tenants(peer)
        by_key[key_id], keys[key_id] = peer, key
    return Peers(here=frozenset(one.lower() for one in file.here), by_key=by_key, keys=keys)


def _public_key(peer: Peer) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(peer.public_key.encode())
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(
            f"the public key of {peer.name} is no Ed25519 key in PEM, as openssl pkey -pubout writes it"
        )
    return key


def _demand_tenants(peer: Peer) -> None:
    if peer.tenants is None:
        return
    if not 1 <= len(peer.tenants) <= TENANTS_MAX:
        raise ValueError(f"{peer.name} has 1 to {TENANTS_MAX} tenants, or no such line for all")
    for name in peer.tenants:
        if name == TRIALS:
            continue
        try:
            tenant_id_of(name)
        except ValueError as error:
            raise ValueError(f"the tenants of {peer.name}: {error}") from None


def _spoken_for(caller: Caller) -> str:
    """Whose word a call is: a context's that asks for its caller, a job's, an operator's, or an edge's."""
    if caller.via:
        return caller.via
    if caller.actor.startswith(_JOB):
        return JOBS
    return OPERATOR if caller.actor == OPERATOR else EDGE
