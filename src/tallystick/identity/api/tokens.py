"""The door of tokens: what clients ask for by the FAPI 2.0 Security Profile, and what resource requests show."""

from typing import Annotated, Any, Protocol

from tallystick.kernel.actions import unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

TOKEN_PATH, PUSH_PATH = "/oauth/token", "/oauth/par"
AUTHORIZE_PATH, KEYS_PATH = "/oauth/authorize", "/oauth/jwks"
METADATA_PATH = "/.well-known/oauth-authorization-server"


class OAuthRequest(Message, frozen=True):
    """What came to an endpoint of OAuth: the body, and the headers that prove something.

    ``authorization`` is that header, ``proof`` the header ``DPoP``, ``certificate`` the header ``Client-Cert`` (RFC
    9440), each '' when absent. Whether a certificate is believed depends on ``peer``, the address that handed it over.
    """

    body: bytes
    authorization: str = ""
    proof: str = ""
    certificate: str = ""
    peer: str = ""


class ShowToken(Message, frozen=True):
    """Prove a caller by an access token, sent under ``scheme`` with a request of ``method`` to ``path``."""

    token: str
    scheme: str
    method: str
    path: str
    proof: str = ""
    certificate: str = ""
    peer: str = ""


class LookAtRequest(Message, frozen=True):
    """Ask what a pushed request asks for."""

    client_id: Annotated[str, told("The client that pushed it.")]
    request_uri: Annotated[
        str, told("What it was answered, ``urn:ietf:params:oauth:request_uri:…``.")
    ]


class Describe(Message, frozen=True):
    """Ask what the endpoints are and can do."""


class Token(Message, frozen=True):
    """An access token (RFC 6749, section 5.1)."""

    access_token: Annotated[str, told("The token, a JWT by RFC 9068.")]
    token_type: Annotated[str, told("``DPoP``, or ``Bearer`` when it is bound to a certificate.")]
    expires_in: Annotated[int, told("How many seconds it lasts.")]
    scope: Annotated[str | None, told("The bundles it is narrowed to.")] = None


class Pushed(Message, frozen=True):
    """Where a pushed request is found (RFC 9126, section 2.2)."""

    request_uri: Annotated[str, told("What the person's browser takes along.")]
    expires_in: Annotated[int, told("How many seconds it can be agreed to.")]


class Waiting(Message, frozen=True):
    """What waits for a signed-in person: where to answer, who asks, and for what."""

    consent: Annotated[str, told("Where the person answers, with POST.")]
    client_id: Annotated[str, told("Who asks.")]
    scope: Annotated[tuple[str, ...], told("The bundles of acts that are asked for.")]


class OAuthError(Message, frozen=True):
    """A refusal as OAuth writes it (RFC 6749, section 5.2)."""

    error: Annotated[str, told("The word OAuth has for it.")]
    error_description: Annotated[str, told("What was wrong this time.")]


class TokenNotGiven(Problem):
    """The client asked for what it cannot have, or not as FAPI 2.0 wants it; ``error`` is OAuth's word for it."""

    code = "token_not_given"
    kind = Kind.FORBIDDEN

    @property
    def error(self) -> str:
        """OAuth's word for it."""
        return self.fields.get("error", "invalid_request")


class ClientNotProven(Problem):
    """The client did not prove that it is who it says it is."""

    code = "client_not_proven"
    kind = Kind.UNAUTHENTICATED


class TokenNotAccepted(Problem):
    """The access token is not in force, or not shown by whom it is bound to."""

    code = "bound_token_not_accepted"
    kind = Kind.UNAUTHENTICATED

    @property
    def headers(self) -> dict[str, str]:
        """The challenge of RFC 9449, section 7.1."""
        error = self.fields.get("error", "invalid_token")
        return {"www-authenticate": f'DPoP error="{error}", algs="PS256 ES256 Ed25519 EdDSA"'}


class Tokens(Protocol):
    """Tokens. Whoever asks proves itself in what it sends, so its tenant is found by that."""

    @unguarded("a client proves itself in what it sends here")
    @records(Tag.IDENTITY_TOKEN_ISSUE, notes_refusals=True)
    async def give(self, *, caller: Caller, message: OAuthRequest) -> Token:
        """Give an access token. Raises ClientNotProven, TokenNotGiven, Malformed."""
        ...

    @unguarded("a client proves itself in what it sends here")
    @records(Tag.IDENTITY_CONSENT_ASK, notes_refusals=True)
    async def push(self, *, caller: Caller, message: OAuthRequest) -> Pushed:
        """Take what a third party will ask a person for. Raises ClientNotProven, TokenNotGiven, Malformed."""
        ...

    @unguarded("the address of a pushed request is the secret that opens it")
    @unrecorded("what a third party asks for, to whoever it sent here")
    async def look(self, *, caller: Caller, message: LookAtRequest) -> Waiting:
        """Tell where a pushed request is answered. Raises TokenNotGiven."""
        ...

    @unguarded("what proves a caller comes before there is one")
    @records(Tag.IDENTITY_CALLER_SIGN_IN, notes_refusals=True)
    async def prove(self, *, caller: Caller, message: ShowToken) -> Caller:
        """Prove who acts with an access token; the caller is the edge. Raises TokenNotAccepted."""
        ...

    @unguarded("clients read it before they can prove anything")
    @unrecorded("what is public for every client")
    async def metadata(self, *, caller: Caller, message: Describe) -> dict[str, Any]:
        """The metadata of RFC 8414."""
        ...

    @unguarded("public keys are for everybody to see")
    @unrecorded("what is public for every client")
    async def keys(self, *, caller: Caller, message: Describe) -> dict[str, Any]:
        """The public keys that access tokens are signed with, a JWK Set."""
        ...
