"""The door of providers: whom a tenant lets say who its people are."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

PROVIDERS_MAX = 20
REDIRECTS_MAX = 10
CERTIFICATES_MAX = 5
CONTEXTS_MAX = 20
ALGORITHMS_DEFAULT = ("ES256", "EdDSA", "PS256", "RS256")

ProviderName = Annotated[
    str,
    Meta(
        description="The provider's name in this tenant: a word of ``a-z 0-9 _``.",
        extra_json_schema={"pattern": "^[a-z][a-z0-9_]{0,49}$"},
    ),
]
Address = Annotated[
    str,
    Meta(
        description="An address with https; in development also on loopback, with http.",
        extra_json_schema={"format": "uri", "maxLength": 500},
    ),
]
Redirects = Annotated[
    tuple[Address, ...],
    Meta(
        description="Where a browser may be sent back to, to the letter. Loopback may always be (RFC 8252).",
        extra_json_schema={"maxItems": REDIRECTS_MAX},
    ),
]
TrustsMfa = Annotated[bool, told("Whether its word counts that a second factor was used.")]
MfaContexts = Annotated[
    tuple[str, ...],
    Meta(
        description="Values of ``acr`` or ``AuthnContextClassRef`` that say a second factor was used.",
        extra_json_schema={"maxItems": CONTEXTS_MAX},
    ),
]
Audience = Annotated[
    str,
    Meta(
        description="What access tokens for us name as their audience (RFC 9068); without it none is taken.",
        extra_json_schema={"minLength": 1, "maxLength": 500},
    ),
]
Algorithms = Annotated[
    tuple[str, ...],
    Meta(
        description="What its tokens may be signed with: ES256, EdDSA, PS256, RS256.",
        extra_json_schema={"minItems": 1, "maxItems": 4},
    ),
]


class SetOidcProvider(Message, frozen=True):
    """Set a provider of OpenID Connect. We are a public client of it, with PKCE: there is no secret to keep."""

    provider: ProviderName
    issuer: Annotated[Address, told("Its issuer, to the letter as its tokens name it.")]
    client_id: Annotated[str, told("What it calls us, 1 to 500 characters.")]
    audience: Audience | None = None
    algorithms: Algorithms = ALGORITHMS_DEFAULT
    redirects: Redirects = ()
    trusts_mfa: TrustsMfa = False
    mfa_contexts: MfaContexts = ()


class SetSamlProvider(Message, frozen=True):
    """Set a provider of SAML 2.0: it is asked by redirect, and answers by POST with a signed assertion."""

    provider: ProviderName
    entity_id: Annotated[str, told("What it calls itself, 1 to 500 characters.")]
    sign_in_url: Annotated[Address, told("Where it is asked.")]
    our_entity_id: Annotated[str, told("What it calls us: the audience of its assertions.")]
    answer_url: Annotated[
        Address, told("Where it answers: this server's `/v1/sign-in/saml/{tenant}`.")
    ]
    certificates: Annotated[
        tuple[str, ...],
        Meta(
            description="Its certificates in PEM, 1 to 5.",
            extra_json_schema={"minItems": 1, "maxItems": CERTIFICATES_MAX},
        ),
    ]
    redirects: Redirects = ()
    trusts_mfa: TrustsMfa = False
    mfa_contexts: MfaContexts = ()


class EndProvider(Message, frozen=True):
    """End a provider: nobody signs in by it any more. Sessions that are open go on; end those by themselves."""

    provider: ProviderName


class ListProviders(Message, frozen=True):
    """List the providers of the tenant."""


class ProviderSet(Message, frozen=True):
    """A provider as it is in force."""

    provider: ProviderName
    kind: Annotated[str, told("``oidc`` or ``saml``.")]
    issuer: Annotated[str, told("Its issuer, or its entity id.")]
    client: Annotated[str, told("What it calls us.")]
    audience: Annotated[str | None, told("The audience of access tokens.")]
    sign_in_url: Annotated[str | None, told("Where SAML is asked.")]
    answer_url: Annotated[str | None, told("Where SAML answers.")]
    certificates: Annotated[tuple[str, ...], told("Its certificates, of SAML.")]
    algorithms: Annotated[tuple[str, ...], told("What its tokens may be signed with.")]
    redirects: Redirects
    trusts_mfa: TrustsMfa
    mfa_contexts: MfaContexts
    set_by: Annotated[str, told("Who set it.")]
    set_at: Annotated[Time, told("When.")]


class ProviderList(Message, frozen=True):
    """All providers of a tenant: there are 20 at most."""

    items: Annotated[tuple[ProviderSet, ...], told("By name.")]


class ProviderNotFound(Problem):
    """The tenant has no such provider, or the name is missing and it has several."""

    code = "provider_not_found"
    kind = Kind.NOT_FOUND


class IssuerTaken(Problem):
    """The issuer speaks for people here already: under another name, or with the same audience for someone else."""

    code = "issuer_taken"
    kind = Kind.CONFLICT


class TooManyProviders(Problem):
    """A tenant has 20 providers at most."""

    code = "too_many_providers"
    kind = Kind.CONFLICT


def _named(message: SetOidcProvider | SetSamlProvider | EndProvider) -> Facts:
    return Facts(on=message.provider)


class Providers(Protocol):
    """The providers of a tenant. Each method works within ``caller.tenant_id``."""

    @records(Tag.IDENTITY_PROVIDER_SET)
    @asks(Action.IDENTITY_PROVIDER_SET, about=_named)
    async def set_oidc(self, *, caller: Caller, message: SetOidcProvider) -> ProviderSet:
        """Set a provider of OpenID Connect, in place of the one of that name. Raises Malformed, IssuerTaken,
        TooManyProviders."""
        ...

    @records(Tag.IDENTITY_PROVIDER_SET)
    @asks(Action.IDENTITY_PROVIDER_SET, about=_named)
    async def set_saml(self, *, caller: Caller, message: SetSamlProvider) -> ProviderSet:
        """Set a provider of SAML, in place of the one of that name. Raises Malformed, IssuerTaken,
        TooManyProviders."""
        ...

    @records(Tag.IDENTITY_PROVIDER_END)
    @asks(Action.IDENTITY_PROVIDER_SET, about=_named)
    async def end(self, *, caller: Caller, message: EndProvider) -> ProviderList:
        """End a provider, and list those that are left. Raises ProviderNotFound."""
        ...

    @unrecorded("issuers and certificates, which are public, to their own tenant")
    @asks(Action.IDENTITY_PROVIDER_READ)
    async def providers(self, *, caller: Caller, message: ListProviders) -> ProviderList:
        """List the providers in force."""
        ...
