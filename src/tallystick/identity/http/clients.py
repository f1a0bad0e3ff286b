"""Clients, consents and the endpoints of OAuth over HTTP, and the reading of access tokens.

The endpoints of OAuth refuse as OAuth does (RFC 6749, section 5.2); what is said before their own reading begins, of
media types, sizes and weather, is said as everywhere.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tallystick.identity.api.clients import (
    Client,
    ClientNotFound,
    ClientPage,
    Clients,
    Consent,
    ConsentIsForPeople,
    ConsentNotFound,
    ConsentOver,
    ConsentPage,
    CreateClient,
    Decide,
    DecideConsent,
    ListClients,
    ListConsents,
    NameClient,
    NameConsent,
    SendBack,
)
from tallystick.identity.api.keys import NarrowedMakesNone, TenantNotFound
from tallystick.identity.api.tokens import (
    AUTHORIZE_PATH,
    KEYS_PATH,
    METADATA_PATH,
    PUSH_PATH,
    TOKEN_PATH,
    ClientNotProven,
    Describe,
    LookAtRequest,
    OAuthError,
    OAuthRequest,
    Pushed,
    ShowToken,
    Token,
    TokenNotGiven,
    Tokens,
    Waiting,
)
from tallystick.identity.http.proving import Prover, bearer
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tallystick.runtime.routes import Asked, Reply, Route, Shown

_DPOP = "dpop "


def prover(tokens: Tokens, *, is_ours: Callable[[str], bool]) -> Prover:
    """Prove callers by access tokens: under ``DPoP`` (RFC 9449), or ``Bearer`` where ``is_ours`` tells by the token."""

    def takes(authorization: str) -> bool:
        if authorization[: len(_DPOP)].lower() == _DPOP:
            return True
        token = bearer(authorization)
        return token.startswith("eyJ") and is_ours(token)

    async def prove(shown: Shown, asking: Caller) -> Caller:
        scheme, _, token = shown.authorization.partition(" ")
        raw_path = shown.scope.get("raw_path") or shown.scope["path"].encode()
        message = ShowToken(
            token=token.strip(),
            scheme="DPoP" if scheme.lower() == "dpop" else "Bearer",
            method=shown.scope["method"],
            path=raw_path.partition(b"?")[0].decode("latin-1"),
            proof=_header(shown.headers, b"dpop"),
            certificate=_header(shown.headers, b"client-cert"),
            peer=_peer(shown.scope),
        )
        return await tokens.prove(caller=asking, message=message)

    return Prover(takes=takes, prove=prove)


def oauth_routes(tokens: Tokens, *, pages: str = "") -> list[Route]:
    """The endpoints of OAuth. They are public: clients prove themselves in what they send.

    A person's browser is sent on to the page of the request under ``pages``; without them it is told what a program is.
    """

    async def give(asked: Asked) -> Any:
        return await _speaking(tokens.give(caller=asked.caller, message=_request(asked)))

    async def push(asked: Asked) -> Any:
        return await _speaking(tokens.push(caller=asked.caller, message=_request(asked)))

    async def look(asked: Asked) -> Any:
        found = await _speaking(tokens.look(caller=asked.caller, message=asked.query))
        is_browser = asked.shown is not None and b"text/html" in asked.shown.headers.get(
            b"accept", b""
        )
        if pages and is_browser and isinstance(found, Waiting):
            there = f"{pages}/{found.consent.rpartition('/')[2]}"
            return Reply(status=303, headers={"location": there})
        return found

    return [
        Route(
            method="POST",
            path=TOKEN_PATH,
            summary="Give a client an access token (RFC 6749, by FAPI 2.0)",
            handle=give,
            body=bytes,
            form=True,
            answer=Token,
            refusal=OAuthError,
            public=True,
            shows_secret=True,
        ),
        Route(
            method="POST",
            path=PUSH_PATH,
            summary="Push what a third party will ask a person for (RFC 9126)",
            handle=push,
            body=bytes,
            form=True,
            answer=Pushed,
            refusal=OAuthError,
            status=201,
            public=True,
            shows_secret=True,
        ),
        Route(
            method="GET",
            path=AUTHORIZE_PATH,
            summary="Tell where a person answers a pushed request",
            handle=look,
            query=LookAtRequest,
            answer=Waiting,
            refusal=OAuthError,
            public=True,
        ),
        *_documents(tokens),
    ]


def _documents(tokens: Tokens) -> list[Route]:
    async def metadata(asked: Asked) -> dict[str, Any]:
        return await tokens.metadata(caller=asked.caller, message=Describe())

    async def keys(asked: Asked) -> dict[str, Any]:
        return await tokens.keys(caller=asked.caller, message=Describe())

    return [
        Route(
            method="GET",
            path=KEYS_PATH,
            summary="List the keys that access tokens are signed with (RFC 7517)",
            handle=keys,
            answer=dict[str, Any],
            public=True,
        ),
        Route(
            method="GET",
            path=METADATA_PATH,
            summary="Describe the endpoints of OAuth (RFC 8414)",
            handle=metadata,
            answer=dict[str, Any],
            public=True,
        ),
    ]


def client_routes(clients: Clients) -> list[Route]:
    """The routes of a tenant's clients."""

    async def create(asked: Asked) -> Client:
        return await clients.create_client(caller=asked.caller, message=asked.body)

    async def end(asked: Asked) -> Client:
        message = NameClient(client_id=asked.path["client_id"])
        return await clients.end_client(caller=asked.caller, message=message)

    async def read(asked: Asked) -> Client:
        message = NameClient(client_id=asked.path["client_id"])
        return await clients.client(caller=asked.caller, message=message)

    async def list_them(asked: Asked) -> ClientPage:
        return await clients.clients(caller=asked.caller, message=asked.query)

    return [
        Route(
            method="GET",
            path="/v1/clients",
            summary="List clients",
            handle=list_them,
            query=ListClients,
            answer=ClientPage,
        ),
        Route(
            method="POST",
            path="/v1/clients",
            summary="Register a client",
            handle=create,
            body=CreateClient,
            answer=Client,
            status=201,
            problems=(TenantNotFound, NarrowedMakesNone),
        ),
        Route(
            method="GET",
            path="/v1/clients/{client_id}",
            summary="Show a client",
            handle=read,
            answer=Client,
            problems=(ClientNotFound,),
        ),
        Route(
            method="DELETE",
            path="/v1/clients/{client_id}",
            summary="End a client",
            handle=end,
            answer=Client,
            problems=(ClientNotFound,),
        ),
    ]


def consent_routes(clients: Clients) -> list[Route]:
    """The routes by which people answer third parties."""

    async def decide(asked: Asked) -> SendBack:
        message = DecideConsent(consent_id=asked.path["consent_id"], allow=asked.body.allow)
        return await clients.decide_consent(caller=asked.caller, message=message)

    async def end(asked: Asked) -> Consent:
        message = NameConsent(consent_id=asked.path["consent_id"])
        return await clients.end_consent(caller=asked.caller, message=message)

    async def read(asked: Asked) -> Consent:
        message = NameConsent(consent_id=asked.path["consent_id"])
        return await clients.consent(caller=asked.caller, message=message)

    async def list_them(asked: Asked) -> ConsentPage:
        return await clients.consents(caller=asked.caller, message=asked.query)

    return [
        Route(
            method="GET",
            path="/v1/consents",
            summary="List what you let third parties do",
            handle=list_them,
            query=ListConsents,
            answer=ConsentPage,
        ),
        Route(
            method="GET",
            path="/v1/consents/{consent_id}",
            summary="Show what a third party asks for",
            handle=read,
            answer=Consent,
            problems=(ConsentNotFound, ConsentIsForPeople),
        ),
        Route(
            method="POST",
            path="/v1/consents/{consent_id}",
            summary="Answer a third party",
            handle=decide,
            body=Decide,
            answer=SendBack,
            problems=(ConsentNotFound, ConsentOver, ConsentIsForPeople),
            shows_secret=True,
        ),
        Route(
            method="DELETE",
            path="/v1/consents/{consent_id}",
            summary="Take a consent back",
            handle=end,
            answer=Consent,
            problems=(ConsentNotFound,),
        ),
    ]


async def _speaking(answer: Awaitable[Any]) -> Any:
    """Answer as OAuth does, a refusal too."""
    try:
        return await answer
    except ClientNotProven as problem:
        return _refusal("invalid_client", problem.detail, status=401)
    except TokenNotGiven as problem:
        return _refusal(problem.error, problem.detail)
    except Malformed as problem:
        return _refusal("invalid_request", problem.detail)


def _refusal(error: str, description: str, *, status: int = 400) -> Reply:
    return Reply(value=OAuthError(error=error, error_description=description), status=status)


def _request(asked: Asked) -> OAuthRequest:
    assert asked.shown is not None
    headers = asked.shown.headers
    return OAuthRequest(
        body=asked.body,
        authorization=asked.shown.authorization,
        proof=_header(headers, b"dpop"),
        certificate=_header(headers, b"client-cert"),
        peer=_peer(asked.shown.scope),
    )


def _header(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _peer(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return client[0] if client else ""
