"""Far doors: how one context calls another in another process, over HTTP with signed requests."""

from tallystick.runtime.far.asking import Client, far
from tallystick.runtime.far.peers import Peers, read_peers
from tallystick.runtime.far.serving import Spend, door_routes

__all__ = ["Client", "Peers", "Spend", "door_routes", "far", "read_peers"]
