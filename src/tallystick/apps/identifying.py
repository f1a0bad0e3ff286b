"""Composing identity: its doors on one database, the guard of every door, and who reads which credential."""

from collections.abc import Sequence
from pathlib import Path

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.adapters.token_keys import TokenKeys
from tallystick.identity.api import Identity
from tallystick.identity.api.access import Access
from tallystick.identity.api.clients import Clients
from tallystick.identity.api.people import People
from tallystick.identity.api.rights import Rights
from tallystick.identity.api.tokens import Tokens
from tallystick.identity.http import access as access_http
from tallystick.identity.http import clients as clients_http
from tallystick.identity.http import keys as keys_http
from tallystick.identity.http import rights as rights_http
from tallystick.identity.http.proving import Prover, authenticator
from tallystick.identity.service.access import AccessService
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.guarding import AccessGuard
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.people import PeopleService
from tallystick.identity.service.rights import RightsService
from tallystick.identity.service.standings import Standings
from tallystick.identity.service.tokens import TokensService
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.edge import Authenticate
from tallystick.runtime.embedded import default_home
from tallystick.runtime.record import Pen
from tallystick.runtime.routes import Route


def token_keys_file(settings: Settings) -> Path:
    """Where the keys that sign access tokens are: as configured, or in the home."""
    return Path(settings.token_keys) if settings.token_keys else default_home() / "token-keys"


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
        named = {"issuer": settings.issuer, "bundles": catalogue().titles}
        self.clients = near(Clients, ClientsService(**ground, **named), **guarded)
        self._tokens = TokensService(
            **ground,
            **named,
            keys=TokenKeys(token_keys_file(settings), now=clock.now).all,
            proxies=settings.client_cert_header,
        )
        self.tokens = near(Tokens, self._tokens, **guarded)

    def routes(self) -> Sequence[Route]:
        """The routes of all doors of identity."""
        settings = self._settings
        url = settings.public_url or f"http://{settings.host}:{settings.port}"
        return [
            *keys_http.routes(self.identity),
            *rights_http.people_routes(self.people),
            *rights_http.rights_routes(self.rights),
            *access_http.routes(self.asking, url=url),
            *clients_http.client_routes(self.clients),
            *clients_http.consent_routes(self.clients),
            *clients_http.oauth_routes(self.tokens),
        ]

    def provers(self) -> Sequence[Prover]:
        """What proves a caller, by the kind of credential, in the order in which they are asked."""
        return [
            clients_http.prover(self.tokens, is_ours=self._tokens.is_ours),
            keys_http.prover(self.identity),
        ]

    def authenticate(self) -> Authenticate:
        """What the edge asks with each request."""
        return authenticator(*self.provers())
