"""The doors of clients: programs that prove themselves by keys of their own, and what people let them do."""

from typing import Annotated, Any, Protocol

from msgspec import Meta

from tallystick.identity.api.keys import Name
from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Cursor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

ClientId = Annotated[str, Meta(description="The id of the client, ``cli_…``.")]
ConsentId = Annotated[str, Meta(description="The id of the consent, ``con_…``.")]
Scope = Annotated[
    tuple[str, ...],
    Meta(
        description="Bundles of acts, such as ``read_wallets``: what may be asked for at most; at most 50.",
        extra_json_schema={"maxItems": 50},
    ),
]
Redirects = Annotated[
    tuple[str, ...],
    Meta(
        description="Addresses, https, that people are sent back to, at most 10; who has one is a third party.",
        extra_json_schema={"maxItems": 10},
    ),
]


class CreateClient(Message, frozen=True):
    """Register a client. It proves itself by its keys, or its certificate, or the subject of its certificates."""

    name: Name
    key_set: Annotated[
        dict[str, Any] | None, told("A JWK Set (RFC 7517) of 1 to 10 public keys.")
    ] = None
    certificate_thumbprint: Annotated[
        str | None, told("SHA-256 of the certificate (DER), 64 hexadecimal digits.")
    ] = None
    certificate_subject: Annotated[
        str | None,
        told(
            "The subject of its certificates, as RFC 4514 writes it; the proxy checks who issued them."
        ),
    ] = None
    redirect_uris: Redirects = ()
    scope: Scope = ()


class NameClient(Message, frozen=True):
    """Name a client."""

    client_id: str


class ListClients(Message, frozen=True):
    """List the tenant's clients, oldest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class Client(Message, frozen=True):
    """A client: a machine of the tenant, or a third party that people let act for them."""

    client_id: ClientId
    name: Name
    proven_by: Annotated[
        str, told("``private_key_jwt``, ``self_signed_tls_client_auth`` or ``tls_client_auth``.")
    ]
    created_at: Time
    key_set: Annotated[dict[str, Any] | None, told("Its public keys.")] = None
    certificate_thumbprint: Annotated[str | None, told("SHA-256 of its certificate.")] = None
    certificate_subject: Annotated[str | None, told("The subject of its certificates.")] = None
    redirect_uris: Redirects = ()
    scope: Scope = ()
    ended_at: Annotated[Time | None, told("When it ended.")] = None


class ClientPage(Message, frozen=True):
    """A page of clients; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Client, ...], told("Oldest first.")]
    after: NextCursor | None = None


class Decide(Message, frozen=True):
    """Say what a third party asked for may be done, or not."""

    allow: Annotated[bool, told("Whether it may.")]


class DecideConsent(Message, frozen=True):
    """Say whether a third party may do what it asked for, for the caller."""

    consent_id: str
    allow: bool


class NameConsent(Message, frozen=True):
    """Name a consent."""

    consent_id: str


class ListConsents(Message, frozen=True):
    """List what the caller agreed to or refused, oldest first; ``limit`` is 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class Consent(Message, frozen=True):
    """What a third party asks of a person, and what became of it."""

    consent_id: ConsentId
    client_id: ClientId
    client: Annotated[str, told("What the client is called.")]
    scope: Annotated[tuple[str, ...], told("The bundles of acts it asks for.")]
    asked_at: Time
    expires_at: Annotated[Time, told("Until when it can be agreed to.")]
    decided_at: Annotated[Time | None, told("When the person said yes or no.")] = None
    allowed: Annotated[bool | None, told("What the person said.")] = None
    redeemed_at: Annotated[Time | None, told("When the client took up its token.")] = None
    ended_at: Annotated[Time | None, told("When it was withdrawn.")] = None


class ConsentPage(Message, frozen=True):
    """A page of consents; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Consent, ...], told("Oldest first.")]
    after: NextCursor | None = None


class SendBack(Message, frozen=True):
    """Where the person's browser goes now, with the answer for the client in its query."""

    redirect: Annotated[str, told("The client's address with ``code``, ``iss`` and ``state``.")]


class ClientNotFound(Problem):
    """The tenant has no such client."""

    code = "client_not_found"
    kind = Kind.NOT_FOUND


class ConsentNotFound(Problem):
    """There is no such request for consent, or it is another person's."""

    code = "consent_not_found"
    kind = Kind.NOT_FOUND


class ConsentOver(Problem):
    """The request was answered already, or its time is over: the third party has to ask anew."""

    code = "consent_is_over"
    kind = Kind.CONFLICT


class ConsentIsForPeople(Problem):
    """Only a signed-in person agrees that others act for them, in their own session."""

    code = "consent_is_for_people"
    kind = Kind.FORBIDDEN


def _of_client(message: NameClient) -> Facts:
    return Facts(on=message.client_id)


def _of_consent(message: NameConsent | DecideConsent) -> Facts:
    return Facts(on=message.consent_id)


class Clients(Protocol):
    """Clients and consents. Each method works within ``caller.tenant_id``."""

    @asks(Action.IDENTITY_CLIENT_CREATE)
    @records(Tag.IDENTITY_CLIENT_CREATE)
    async def create_client(self, *, caller: Caller, message: CreateClient) -> Client:
        """Register a client; what it may do is given to it as roles.

        Raises Malformed, TenantNotFound, NarrowedMakesNone.
        """
        ...

    @asks(Action.IDENTITY_CLIENT_END, about=_of_client)
    @records(Tag.IDENTITY_CLIENT_END)
    async def end_client(self, *, caller: Caller, message: NameClient) -> Client:
        """End a client: within five seconds its tokens open nothing. Raises ClientNotFound."""
        ...

    @asks(Action.IDENTITY_CLIENT_READ, about=_of_client)
    @unrecorded("what a program is, its public keys among it; no person is in it")
    async def client(self, *, caller: Caller, message: NameClient) -> Client:
        """Read a client. Raises ClientNotFound."""
        ...

    @asks(Action.IDENTITY_CLIENT_READ)
    @unrecorded("what programs are, their public keys among it; no person is in it")
    async def clients(self, *, caller: Caller, message: ListClients) -> ClientPage:
        """List clients. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_CONSENT_GIVE, about=_of_consent)
    @records(Tag.IDENTITY_CONSENT_GIVE, Tag.IDENTITY_CONSENT_REFUSE)
    async def decide_consent(self, *, caller: Caller, message: DecideConsent) -> SendBack:
        """Answer a third party for the caller, once. Raises ConsentNotFound, ConsentOver, ConsentIsForPeople."""
        ...

    @asks(Action.IDENTITY_CONSENT_END, about=_of_consent)
    @records(Tag.IDENTITY_CONSENT_END)
    async def end_consent(self, *, caller: Caller, message: NameConsent) -> Consent:
        """Take a consent back: its token opens nothing within five seconds. Raises ConsentNotFound."""
        ...

    @asks(Action.IDENTITY_CONSENT_READ, about=_of_consent)
    @unrecorded("a person sees what is asked of them")
    async def consent(self, *, caller: Caller, message: NameConsent) -> Consent:
        """Read a request that waits for an answer, or a consent of the caller's. Raises ConsentNotFound."""
        ...

    @asks(Action.IDENTITY_CONSENT_READ)
    @unrecorded("a person sees what they agreed to")
    async def consents(self, *, caller: Caller, message: ListConsents) -> ConsentPage:
        """List the consents of the caller. Raises Malformed."""
        ...
