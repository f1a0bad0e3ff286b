"""Far doors: how one context calls another in another process, over HTTP with signed requests."""

from tallystick.runtime.far.asking import far
from tallystick.runtime.far.circuits import Circuit
from tallystick.runtime.far.connecting import Client
from tallystick.runtime.far.peers import Peers, read_peers
from tallystick.runtime.far.serving import Spend, door_routes

__all__ = ["Circuit", "Client", "Peers", "Spend", "door_routes", "far", "read_peers"]
