"""The doors of signing in and of sessions: how a person comes in, and how that ends."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.identity.api.factors import Credential, Options
from tallystick.identity.api.providers import ProviderName
from tallystick.kernel.actions import Action, asks, unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Cursor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.kernel.tags import Tag, records, unrecorded

TenantName = Annotated[str, told("The tenant, ``tnt_…``.")]
Flow = Annotated[
    str,
    told("The secret of this sign-in, ``tsin_…``: the client keeps it to itself until the end."),
]
Device = Annotated[
    str,
    Meta(
        description="What the client's device is known by: 16 to 200 printable ASCII characters of chance, which it "
        "keeps; only a hash is kept here.",
        extra_json_schema={"pattern": "^[!-~]{16,200}$"},
    ),
]
SessionId = Annotated[str, told("The session, ``ses_…``.")]


class StartSignIn(Message, frozen=True):
    """Begin to sign in: ask for the address where the provider asks who the person is."""

    tenant: TenantName
    redirect: Annotated[
        str,
        told("Where the browser is sent back to: loopback, or one that the provider's row lists."),
    ]
    provider: ProviderName | None = None


class SignInStarted(Message, frozen=True):
    """A sign-in under way, for ten minutes."""

    flow: Flow
    url: Annotated[str, told("Send the browser there.")]
    expires_at: Annotated[Time, told("Until when it can be finished.")]


class FinishSignIn(Message, frozen=True):
    """Finish a sign-in with what the browser came back with.

    ``country`` is where the edge says the request came from; the route fills it in.
    """

    tenant: TenantName
    flow: Flow
    code: Annotated[str, told("The ``code`` of the answer.")]
    state: Annotated[str, told("The ``state`` of the answer.")]
    issuer: Annotated[
        str | None, told("The ``iss`` of the answer, when it had one (RFC 9207).")
    ] = None
    device: Device | None = None
    country: str = ""


class StartPasskeySignIn(Message, frozen=True):
    """Begin to sign in with a passkey: nobody says who they are, and no tenant; the passkey does."""


class PasskeyAsked(Message, frozen=True):
    """What any passkey of this place is asked, for ten minutes."""

    flow: Flow
    options: Options
    expires_at: Annotated[Time, told("Until when it can be finished.")]


class FinishPasskeySignIn(Message, frozen=True):
    """Finish a sign-in with what a passkey answered.

    ``country`` is where the edge says the request came from; the route fills it in.
    """

    flow: Flow
    credential: Credential
    tenant: Annotated[
        str | None, told("The tenant, for a passkey from before passkeys named one themselves.")
    ] = None
    device: Device | None = None
    country: str = ""


class AskWays(Message, frozen=True):
    """Ask how people of a tenant come in."""

    tenant: TenantName


class Way(Message, frozen=True):
    """A provider by which people of a tenant come in."""

    provider: ProviderName
    kind: Annotated[str, told("``oidc`` or ``saml``.")]


class SignInWays(Message, frozen=True):
    """How people of a tenant come in, beside their passkeys."""

    providers: Annotated[tuple[Way, ...], told("By name; none for a tenant that is none.")]


class SamlAnswer(Message, frozen=True):
    """What a SAML provider answers through the browser: the form, as it was sent."""

    tenant: TenantName
    form: str


class SamlTaken(Message, frozen=True):
    """Where to send the browser on to, with a code for whoever began."""

    url: str


class SignedIn(Message, frozen=True):
    """A session, with its token, shown this once: only its hash is kept."""

    session: Annotated[str, told("Send it as ``Authorization: Bearer tses_…``.")]
    session_id: SessionId
    person: Annotated[str, told("The person, ``per_…``.")]
    expires_at: Annotated[Time, told("When it ends at the latest.")]
    mfa: Annotated[bool, told("Whether a second factor was proven in it.")]


class ProveSession(Message, frozen=True):
    """Prove a person by the token of a session."""

    session: str


class ProveAccessToken(Message, frozen=True):
    """Prove a person by an access token of the tenant's own provider (RFC 9068)."""

    token: str
    device: str = ""
    country: str = ""


class Session(Message, frozen=True):
    """A session of a person, without its token."""

    session_id: SessionId
    started_at: Annotated[Time, told("When.")]
    expires_at: Annotated[Time, told("When it ends at the latest.")]
    issuer: Annotated[str, told("Who said who it is.")]
    methods: Annotated[
        tuple[str, ...], told("How that was proven, as the issuer calls it (RFC 8176).")
    ]
    network: Annotated[str, told("The address it was begun from.")]
    country: Annotated[str, told("The country, when the edge knows it.")]
    device_known: Annotated[bool, told("Whether that device was seen before.")]
    current: Annotated[bool, told("Whether it is the one that asks.")]
    seen_at: Annotated[Time | None, told("When it was last used, to the minute.")] = None
    mfa_at: Annotated[Time | None, told("When a second factor was proven.")] = None
    ended_at: Annotated[Time | None, told("When it was ended.")] = None


class ListSessions(Message, frozen=True):
    """List one's own sessions, the newest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class SessionPage(Message, frozen=True):
    """A page of sessions; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Session, ...], told("Newest first.")]
    after: NextCursor | None = None


class EndSession(Message, frozen=True):
    """End one of one's own sessions: here at once, in other processes within five seconds."""

    session_id: SessionId


class EndSessions(Message, frozen=True):
    """End all of one's own sessions, the one that asks too."""


class SessionsEnded(Message, frozen=True):
    """How many sessions were ended just now."""

    ended: Annotated[int, told("0 when all had ended before.")]


class SignInNotAccepted(Problem):
    """The sign-in was not accepted: too late, used before, or not answered as its provider must. Start again.

    Which of them is on record; whoever asks is not told.
    """

    code = "sign_in_not_accepted"
    kind = Kind.UNAUTHENTICATED


class PersonNotKnown(Problem):
    """The provider says who it is, and the tenant knows no such person, or lets it in no more."""

    code = "person_not_known"
    kind = Kind.UNAUTHENTICATED


class SessionNotAccepted(Problem):
    """The session is unknown, or has ended; which of them is not told. Sign in again."""

    code = "session_not_accepted"
    kind = Kind.UNAUTHENTICATED


class AccessTokenNotAccepted(Problem):
    """The access token is not one that the tenant's provider signed for us and for now; what is wrong is not told."""

    code = "access_token_not_accepted"
    kind = Kind.UNAUTHENTICATED


class ProviderOutOfReach(Problem):
    """The provider does not answer, or not as it must. Try again later."""

    code = "provider_out_of_reach"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class SessionNotFound(Problem):
    """The person has no such session."""

    code = "session_not_found"
    kind = Kind.NOT_FOUND


class SignIn(Protocol):
    """How a person comes in. The caller is the edge; the tenant is in the message, or found by what is shown."""

    @unrecorded("nobody has come in yet, and it is gone in ten minutes")
    @unguarded("it comes before anybody is known")
    async def start(self, *, caller: Caller, message: StartSignIn) -> SignInStarted:
        """Begin. Raises Malformed, ProviderNotFound, ProviderOutOfReach."""
        ...

    @unrecorded("what it proves is on record when the client fetches it")
    @unguarded("it comes before anybody is known")
    async def take_saml(self, *, caller: Caller, message: SamlAnswer) -> SamlTaken:
        """Check an answer of SAML and keep what it says for whoever began. Raises SignInNotAccepted."""
        ...

    @unrecorded("names that are shown to whoever may come in")
    @unguarded("it comes before anybody is known")
    async def ways(self, *, caller: Caller, message: AskWays) -> SignInWays:
        """Say by which providers people of a tenant come in. Raises Malformed."""
        ...

    @unrecorded("nobody has come in yet, and nothing is kept of it")
    @unguarded("it comes before anybody is known")
    async def start_passkey(self, *, caller: Caller, message: StartPasskeySignIn) -> PasskeyAsked:
        """Begin with a passkey."""
        ...

    @records(Tag.IDENTITY_PERSON_SIGN_IN, Tag.IDENTITY_FACTOR_PROVE, notes_refusals=True)
    @unguarded("it comes before anybody is known")
    async def finish_passkey(self, *, caller: Caller, message: FinishPasskeySignIn) -> SignedIn:
        """Finish with a passkey, and open a session in which it counts as a fresh second factor.

        Raises Malformed, SignInNotAccepted, PersonNotKnown.
        """
        ...

    @records(Tag.IDENTITY_PERSON_SIGN_IN, notes_refusals=True)
    @unguarded("it comes before anybody is known")
    async def finish(self, *, caller: Caller, message: FinishSignIn) -> SignedIn:
        """Finish, and open a session. Raises SignInNotAccepted, PersonNotKnown, ProviderOutOfReach."""
        ...


class Sessions(Protocol):
    """The proof of who asks, and a person's own sessions: those are of ``caller.actor`` in ``caller.tenant_id``."""

    @records(Tag.IDENTITY_PERSON_SIGN_IN, notes_refusals=True)
    @unguarded("it proves who asks")
    async def prove(self, *, caller: Caller, message: ProveSession) -> Caller:
        """Prove whose session it is. Raises SessionNotAccepted."""
        ...

    @records(Tag.IDENTITY_PERSON_SIGN_IN, notes_refusals=True)
    @unguarded("it proves who asks")
    async def prove_token(self, *, caller: Caller, message: ProveAccessToken) -> Caller:
        """Prove whose access token it is. Raises AccessTokenNotAccepted, ProviderOutOfReach."""
        ...

    @unrecorded("a person is told about its own sessions")
    @asks(Action.IDENTITY_SESSION_READ)
    async def sessions(self, *, caller: Caller, message: ListSessions) -> SessionPage:
        """List one's own sessions. Raises Malformed."""
        ...

    @records(Tag.IDENTITY_SESSION_END)
    @asks(Action.IDENTITY_SESSION_END)
    async def end(self, *, caller: Caller, message: EndSession) -> SessionsEnded:
        """End one; doing it again changes nothing. Raises SessionNotFound."""
        ...

    @records(Tag.IDENTITY_SESSION_END)
    @asks(Action.IDENTITY_SESSION_END)
    async def end_all(self, *, caller: Caller, message: EndSessions) -> SessionsEnded:
        """End all."""
        ...
