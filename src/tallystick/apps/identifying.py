"""Composing identity: its doors on one database, the guard of every door, and who reads which credential."""

from collections.abc import Sequence

from tallystick.identity.api import Identity
from tallystick.identity.api.access import Access
from tallystick.identity.api.people import People
from tallystick.identity.api.rights import Rights
from tallystick.identity.http import access as access_http
from tallystick.identity.http import keys as keys_http
from tallystick.identity.http import rights as rights_http
from tallystick.identity.http.proving import Prover, authenticator
from tallystick.identity.service.access import AccessService
from tallystick.identity.service.guarding import AccessGuard
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.people import PeopleService
from tallystick.identity.service.rights import RightsService
from tallystick.identity.service.standings import Standings
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.edge import Authenticate
from tallystick.runtime.record import Pen
from tallystick.runtime.routes import Route


class IdentityDoors:
    """Every door of identity in one process, near, and the guard that asks one of them for all others."""

    def __init__(self, *, database: Database, settings: Settings, mint: Mint, clock: Clock) -> None:
        self._settings = settings
        wire = settings.wire_doors
        self.pen = Pen(database=database, context="identity", clock=clock)
        self.standings = Standings(database=database, clock=clock)
        ground = {"database": database, "mint": mint, "clock": clock}
        rights = {**ground, "standings": self.standings}
        # Whoever is to be let in is asked about here, so this door has no guard.
        self.access = near(Access, AccessService(**rights), wire=wire)
        self.guard = AccessGuard(access=self.access, clock=clock)
        self.standings.listeners.append(self.guard.forget)
        guarded = {"refusals": self.pen, "guard": self.guard, "wire": wire}
        self.asking = near(Access, self.access, **guarded)
        self.identity = near(Identity, IdentityService(**ground), **guarded)
        self.people = near(People, PeopleService(**rights, pen=self.pen), **guarded)
        self.rights = near(Rights, RightsService(**rights), **guarded)

    def routes(self) -> Sequence[Route]:
        """The routes of all doors of identity."""
        settings = self._settings
        url = settings.public_url or f"http://{settings.host}:{settings.port}"
        return [
            *keys_http.routes(self.identity),
            *rights_http.people_routes(self.people),
            *rights_http.rights_routes(self.rights),
            *access_http.routes(self.asking, url=url),
        ]

    def provers(self) -> Sequence[Prover]:
        """What proves a caller, by the kind of credential, in the order in which they are asked."""
        return [keys_http.prover(self.identity)]

    def authenticate(self) -> Authenticate:
        """What the edge asks with each request."""
        return authenticator(*self.provers())
