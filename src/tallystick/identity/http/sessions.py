"""Signing in over HTTP, sessions, and two of the credentials that are shown: a session's token, and an access token."""

from typing import Annotated

from tallystick.identity.api.factors import Credential
from tallystick.identity.api.providers import ProviderNotFound
from tallystick.identity.api.sessions import (
    AccessTokenNotAccepted,
    AskWays,
    Device,
    EndSession,
    EndSessions,
    FinishPasskeySignIn,
    FinishSignIn,
    Flow,
    ListSessions,
    PasskeyAsked,
    PersonNotKnown,
    ProveAccessToken,
    ProveSession,
    ProviderOutOfReach,
    SamlAnswer,
    SessionNotAccepted,
    SessionNotFound,
    SessionPage,
    Sessions,
    SessionsEnded,
    SignedIn,
    SignIn,
    SignInNotAccepted,
    SignInStarted,
    SignInWays,
    StartPasskeySignIn,
    StartSignIn,
    TenantName,
)
from tallystick.identity.http.proving import Prover, bearer
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.runtime.proxies import country_of
from tallystick.runtime.routes import Asked, Reply, Route, Shown

PROVEN = (SessionNotAccepted, AccessTokenNotAccepted, PersonNotKnown, ProviderOutOfReach)
"""What the proof of a person may be refused with, at any route."""
DEVICE_HEADER = b"tallystick-device"
# What a token of JSON starts with in base64url: the "{" and the quote of its header.
_JWT_START = "eyJ"


class FinishBody(Message, frozen=True):
    """Finish a sign-in with what the browser came back with."""

    tenant: TenantName
    flow: Flow
    code: Annotated[str, told("The ``code`` of the answer.")]
    state: Annotated[str, told("The ``state`` of the answer.")]
    issuer: Annotated[
        str | None, told("The ``iss`` of the answer, when it had one (RFC 9207).")
    ] = None
    device: Device | None = None


class FinishPasskeyBody(Message, frozen=True):
    """Finish a sign-in with what a passkey answered."""

    flow: Flow
    credential: Credential
    tenant: Annotated[
        str | None, told("The tenant, for a passkey from before passkeys named one themselves.")
    ] = None
    device: Device | None = None


def session_prover(sessions: Sessions) -> Prover:
    """Prove people by the token of a session."""

    async def prove(shown: Shown, asking: Caller) -> Caller:
        message = ProveSession(session=bearer(shown.authorization))
        return await sessions.prove(caller=asking, message=message)

    return Prover(takes=lambda header: bearer(header).startswith("tses_"), prove=prove)


def token_prover(sessions: Sessions, *, country_header: str) -> Prover:
    """Prove people by an access token of their tenant's provider."""

    async def prove(shown: Shown, asking: Caller) -> Caller:
        message = ProveAccessToken(
            token=bearer(shown.authorization),
            device=shown.headers.get(DEVICE_HEADER, b"").decode("latin-1")[:200],
            country=country_of(shown.headers, country_header),
        )
        return await sessions.prove_token(caller=asking, message=message)

    return Prover(takes=lambda header: bearer(header).startswith(_JWT_START), prove=prove)


def routes(sign_in: SignIn, sessions: Sessions, *, country_header: str) -> list[Route]:
    """The routes of signing in, and of sessions."""
    return [
        *_sign_in_routes(sign_in, country_header),
        *_passkey_routes(sign_in, country_header),
        *_session_routes(sessions),
    ]


def _passkey_routes(sign_in: SignIn, country_header: str) -> list[Route]:
    async def ways(asked: Asked) -> SignInWays:
        return await sign_in.ways(caller=asked.caller, message=asked.query)

    async def start(asked: Asked) -> PasskeyAsked:
        return await sign_in.start_passkey(caller=asked.caller, message=StartPasskeySignIn())

    async def finish(asked: Asked) -> SignedIn:
        body: FinishPasskeyBody = asked.body
        headers = asked.shown.headers if asked.shown else {}
        message = FinishPasskeySignIn(
            flow=body.flow,
            credential=body.credential,
            tenant=body.tenant,
            device=body.device,
            country=country_of(headers, country_header),
        )
        return await sign_in.finish_passkey(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/sign-in",
            summary="Say by which providers people of a tenant come in",
            handle=ways,
            query=AskWays,
            answer=SignInWays,
            public=True,
        ),
        Route(
            method="POST",
            path="/v1/sign-in/passkey",
            summary="Begin to sign in with a passkey",
            handle=start,
            answer=PasskeyAsked,
            status=201,
            public=True,
            shows_secret=True,
        ),
        Route(
            method="POST",
            path="/v1/sign-in/passkey/finish",
            summary="Finish signing in with a passkey",
            handle=finish,
            body=FinishPasskeyBody,
            answer=SignedIn,
            status=201,
            public=True,
            shows_secret=True,
            problems=(SignInNotAccepted, PersonNotKnown),
        ),
    ]


def _sign_in_routes(sign_in: SignIn, country_header: str) -> list[Route]:
    async def start(asked: Asked) -> SignInStarted:
        return await sign_in.start(caller=asked.caller, message=asked.body)

    async def finish(asked: Asked) -> SignedIn:
        body: FinishBody = asked.body
        headers = asked.shown.headers if asked.shown else {}
        message = FinishSignIn(
            tenant=body.tenant,
            flow=body.flow,
            code=body.code,
            state=body.state,
            issuer=body.issuer,
            device=body.device,
            country=country_of(headers, country_header),
        )
        return await sign_in.finish(caller=asked.caller, message=message)

    async def take_saml(asked: Asked) -> Reply:
        message = SamlAnswer(tenant=asked.path["tenant"], form=asked.body.decode("latin-1"))
        taken = await sign_in.take_saml(caller=asked.caller, message=message)
        return Reply(status=303, headers={"location": taken.url})

    return [
        Route(
            method="POST",
            path="/v1/sign-in",
            summary="Begin to sign in",
            handle=start,
            body=StartSignIn,
            answer=SignInStarted,
            status=201,
            public=True,
            shows_secret=True,
            problems=(ProviderNotFound, ProviderOutOfReach),
        ),
        Route(
            method="POST",
            path="/v1/sign-in/finish",
            summary="Finish signing in",
            handle=finish,
            body=FinishBody,
            answer=SignedIn,
            status=201,
            public=True,
            shows_secret=True,
            problems=(SignInNotAccepted, PersonNotKnown, ProviderOutOfReach),
        ),
        Route(
            method="POST",
            path="/v1/sign-in/saml/{tenant}",
            summary="Take the answer of a SAML provider from a browser",
            handle=take_saml,
            body=bytes,
            form=True,
            status=303,
            public=True,
            problems=(SignInNotAccepted,),
        ),
    ]


def _session_routes(sessions: Sessions) -> list[Route]:
    async def list_sessions(asked: Asked) -> SessionPage:
        return await sessions.sessions(caller=asked.caller, message=asked.query)

    async def end(asked: Asked) -> SessionsEnded:
        message = EndSession(session_id=asked.path["session_id"])
        return await sessions.end(caller=asked.caller, message=message)

    async def end_all(asked: Asked) -> SessionsEnded:
        return await sessions.end_all(caller=asked.caller, message=EndSessions())

    return [
        Route(
            method="GET",
            path="/v1/sessions",
            summary="List one's own sessions",
            handle=list_sessions,
            query=ListSessions,
            answer=SessionPage,
        ),
        Route(
            method="DELETE",
            path="/v1/sessions/{session_id}",
            summary="End one of one's own sessions",
            handle=end,
            answer=SessionsEnded,
            problems=(SessionNotFound,),
        ),
        Route(
            method="DELETE",
            path="/v1/sessions",
            summary="End all of one's own sessions",
            handle=end_all,
            answer=SessionsEnded,
        ),
    ]
