"""Composing identity: its doors, near or far, the guard of every door, and who reads which credential."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tallystick.apps.development import DevelopmentIssuer
from tallystick.apps.parts import EDGE, parts_of
from tallystick.console.signing import CONSENTS
from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.adapters.factor_keys import read_ring
from tallystick.identity.adapters.oidc import OidcIssuers
from tallystick.identity.adapters.token_keys import TokenKeys
from tallystick.identity.api import Identity
from tallystick.identity.api.access import Access
from tallystick.identity.api.approvals import Approvals
from tallystick.identity.api.clients import Clients
from tallystick.identity.api.edge import Edge
from tallystick.identity.api.factors import Factors
from tallystick.identity.api.people import People
from tallystick.identity.api.providers import Providers
from tallystick.identity.api.rights import Rights
from tallystick.identity.api.sessions import Sessions, SignIn
from tallystick.identity.api.substitutions import Serving, Substitutions
from tallystick.identity.api.tokens import Tokens
from tallystick.identity.http import access as access_http
from tallystick.identity.http import approvals as approvals_http
from tallystick.identity.http import clients as clients_http
from tallystick.identity.http import factors as factors_http
from tallystick.identity.http import keys as keys_http
from tallystick.identity.http import providers as providers_http
from tallystick.identity.http import rights as rights_http
from tallystick.identity.http import sessions as sessions_http
from tallystick.identity.http import substitutions as substitutions_http
from tallystick.identity.http.proving import Prover, authenticator, remembered
from tallystick.identity.model.access_tokens import is_of
from tallystick.identity.model.passkeys import Party
from tallystick.identity.model.totp import KeyRing
from tallystick.identity.service.access import AccessService
from tallystick.identity.service.approvals import ApprovalsService
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.edge import EdgeService
from tallystick.identity.service.factors import FactorsService
from tallystick.identity.service.guarding import AccessGuard
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.people import PeopleService
from tallystick.identity.service.proofs import Proofs
from tallystick.identity.service.providers import ProvidersService
from tallystick.identity.service.rights import RightsService
from tallystick.identity.service.sessions import SessionsService
from tallystick.identity.service.sign_ins import SignInService
from tallystick.identity.service.standings import Standings
from tallystick.identity.service.substitutions import SubstitutionsService
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


def demand_token_keys(settings: Settings) -> None:
    """Raise ValueError or OSError for a file of keys that cannot be used. One that is named and missing is made."""
    path = token_keys_file(settings)
    if settings.token_keys or path.exists():
        TokenKeys(path, now=lambda: 0).all()


def ring_of(settings: Settings) -> Callable[[], KeyRing]:
    """What reads the keys of second factors: now where they must be there, else when one is needed first.

    Raises ValueError, OSError for those that are not there.
    """
    home = default_home() if settings.is_of_one_machine else None
    read = cache(partial(read_ring, settings.factor_keys, home=home))
    if settings.factor_keys or home is None:
        read()
    return read


def demand_codes_for_development(settings: Settings) -> bool:
    """Whether codes agree to money too. Raises ValueError where others than this machine reach the platform."""
    if settings.codes_approve_money and not settings.is_of_one_machine:
        raise ValueError(
            "TALLYSTICK_CODES_APPROVE_MONEY is for a development machine: a code signs no amount and no payee"
        )
    return settings.codes_approve_money


DOORS: Final[Mapping[str, type]] = MappingProxyType(
    {
        "asking": Access,
        "identity": Identity,
        "people": People,
        "rights": Rights,
        "factors": Factors,
        "approvals": Approvals,
        "clients": Clients,
        "tokens": Tokens,
        "sign_in": SignIn,
        "sessions": Sessions,
        "providers": Providers,
        "edge": Edge,
        "substitutions": Substitutions,
        "serving": Serving,
    }
)
"""Every door of identity, by the name it has here."""


class IdentityDoors:
    """Every door of identity, near or far, and the guard that asks one of them for all others.

    ``asking`` is the door of decisions as others than guards knock at it.
    """

    guard: AccessGuard
    asking: Access
    identity: Identity
    people: People
    rights: Rights
    factors: Factors
    approvals: Approvals
    clients: Clients
    tokens: Tokens
    sign_in: SignIn
    sessions: Sessions
    providers: Providers
    edge: Edge
    substitutions: Substitutions
    serving: Serving

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        # Who is told of a tenant that is switched here.
        self.switched: list[Callable[[int], None]] = []
        is_served = settings.development and EDGE in parts_of(settings)
        self._issuer_here = DevelopmentIssuer(settings=settings, clock=clock) if is_served else None

    def routes(self) -> Sequence[Route]:
        """The routes of all doors of identity."""
        settings = self.settings
        return [
            *keys_http.routes(self.identity),
            *rights_http.people_routes(self.people),
            *rights_http.rights_routes(self.rights),
            *access_http.routes(self.asking, url=settings.public_url or _address_of(settings)),
            *factors_http.routes(self.factors),
            *approvals_http.routes(self.approvals),
            *clients_http.client_routes(self.clients),
            *clients_http.consent_routes(self.clients),
            *clients_http.oauth_routes(self.tokens, pages=f"{settings.console_url}{CONSENTS}"),
            *providers_http.routes(self.providers),
            *substitutions_http.routes(self.substitutions),
            *sessions_http.routes(
                self.sign_in, self.sessions, country_header=settings.country_header
            ),
            *(self._issuer_here.routes() if self._issuer_here else ()),
        ]

    def provers(self) -> Sequence[Prover]:
        """What proves a caller, by the kind of credential, in the order in which they are asked."""
        is_ours = partial(is_of, issuer=self.settings.issuer)
        return [
            clients_http.prover(self.tokens, is_ours=is_ours),
            keys_http.prover(self.identity),
            sessions_http.session_prover(self.sessions),
            sessions_http.token_prover(self.sessions, country_header=self.settings.country_header),
        ]

    def authenticate(self) -> Authenticate:
        """What the edge asks with each request."""
        return authenticator(*self.provers())

    def gates(self) -> list[tuple[type, Any]]:
        """Every door of identity, with what stands behind it here."""
        return [(door, getattr(self, name)) for name, door in DOORS.items()]


def _address_of(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


class NearIdentity(IdentityDoors):
    """Identity in this process, on its database."""

    def __init__(self, *, database: Database, settings: Settings, mint: Mint, clock: Clock) -> None:
        super().__init__(settings=settings, clock=clock)
        wire = settings.wire_doors
        self.pen = Pen(database=database, context="identity", clock=clock)
        self.standings = Standings(database=database, clock=clock)
        ground = {"database": database, "mint": mint, "clock": clock}
        rights = {**ground, "standings": self.standings}
        # Whoever is to be let in is asked about here, so this door has no guard.
        access = near(Access, AccessService(**rights), wire=wire)
        self.guard = AccessGuard(access=access, clock=clock)
        self.standings.listeners.append(self.guard.forget)
        guarded = {"refusals": self.pen, "guard": self.guard, "wire": wire}
        self.asking = near(Access, access, **guarded)
        shared = EdgeService(database=database)
        self.edge, self.forget_budgets = near(Edge, shared, wire=wire), shared.forget_budgets
        keys = IdentityService(**ground)
        self.identity = near(Identity, keys, **guarded)
        self.people = near(People, PeopleService(**rights, pen=self.pen), **guarded)
        self.rights = near(Rights, RightsService(**rights), **guarded)
        proofs = Proofs(mint=mint, ring=ring_of(settings), party=Party(*settings.relying_party))
        self.factors = near(
            Factors,
            FactorsService(
                database=database, clock=clock, proofs=proofs, changed=self.standings.forget
            ),
            **guarded,
        )
        self.approvals = near(
            Approvals,
            ApprovalsService(
                database=database,
                clock=clock,
                proofs=proofs,
                codes_are_enough=demand_codes_for_development(settings),
            ),
            **guarded,
        )
        named = {"issuer": settings.issuer, "bundles": catalogue().titles}
        self.clients = near(Clients, ClientsService(**ground, **named), **guarded)
        self.tokens = near(
            Tokens,
            TokensService(
                **ground,
                **named,
                keys=TokenKeys(token_keys_file(settings), now=clock.now).all,
                proxies=settings.client_cert_header,
            ),
            **guarded,
        )
        self._stand_signing_in(ground, guarded, proofs)
        substitutions = SubstitutionsService(database=database, clock=clock, keys=keys)
        self.switched = substitutions.listeners
        self.substitutions = near(Substitutions, substitutions, **guarded)
        self.serving = near(Serving, substitutions, wire=wire)

    def _stand_signing_in(
        self, ground: dict[str, Any], guarded: dict[str, Any], proofs: Proofs
    ) -> None:
        clock, settings = self.clock, self.settings
        issuers = OidcIssuers(clock=clock, allows_loopback=settings.allows_loopback)
        asking = {**ground, "issuers": issuers, "pen": self.pen}
        self.sign_in = near(SignIn, SignInService(**asking, proofs=proofs), **guarded)
        self.sessions = near(Sessions, SessionsService(**asking), **guarded)
        providers = ProvidersService(
            database=ground["database"], clock=clock, allows_loopback=settings.allows_loopback
        )
        self.providers = near(Providers, providers, **guarded)


class FarIdentity(IdentityDoors):
    """Identity in another process. What was proven and decided there is known here for five seconds at most."""

    def __init__(self, *, at: Callable[[type], Any], settings: Settings, clock: Clock) -> None:
        """``at`` answers a door of that process."""
        super().__init__(settings=settings, clock=clock)
        for name, door in DOORS.items():
            setattr(self, name, at(door))
        self.guard = AccessGuard(access=self.asking, clock=clock)

    def provers(self) -> Sequence[Prover]:
        """What proves a caller; keys and sessions that were proven there are known here for a while."""
        tokens, keys, sessions, theirs = super().provers()
        return [
            tokens,
            remembered(keys, clock=self.clock),
            remembered(sessions, clock=self.clock),
            theirs,
        ]
