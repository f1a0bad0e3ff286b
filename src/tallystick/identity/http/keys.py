"""Keys over HTTP, and the reading of the ``Authorization`` header. Tenants are made on the command line only."""

from tallystick.identity.api import (
    ApiKey,
    Authenticate,
    CreateKey,
    Identified,
    Identity,
    KeyNotFound,
    KeyPage,
    ListKeys,
    NewKey,
    RevokeKey,
    TenantNotFound,
    Unauthenticated,
    WhoAmI,
)
from tallystick.kernel.callers import Caller
from tallystick.runtime.edge import Asked, Route, Shown
from tallystick.runtime.edge import Authenticate as AuthenticateHeader


def authenticator(identity: Identity) -> AuthenticateHeader:
    """Make what the edge asks with each ``Authorization`` header. It raises Unauthenticated."""

    async def prove(shown: Shown, asking: Caller) -> Caller:
        scheme, key = shown.authorization[:7], shown.authorization[7:]
        if scheme != "Bearer " and scheme.lower() != "bearer ":
            raise Unauthenticated("Send a key that is in force as `Authorization: Bearer tally_…`.")
        return await identity.authenticate(caller=asking, message=Authenticate(key=key.strip()))

    return prove


def routes(identity: Identity) -> list[Route]:
    """The routes of identity."""

    async def list_keys(asked: Asked) -> KeyPage:
        return await identity.keys(caller=asked.caller, message=asked.query)

    async def create_key(asked: Asked) -> NewKey:
        return await identity.create_key(caller=asked.caller, message=asked.body)

    async def revoke_key(asked: Asked) -> ApiKey:
        return await identity.revoke_key(
            caller=asked.caller, message=RevokeKey(key_id=asked.path["key_id"])
        )

    async def who_am_i(asked: Asked) -> Identified:
        return await identity.who_am_i(caller=asked.caller, message=WhoAmI())

    return [
        Route(
            method="GET",
            path="/v1/keys",
            summary="List keys",
            handle=list_keys,
            query=ListKeys,
            answer=KeyPage,
        ),
        Route(
            method="POST",
            path="/v1/keys",
            summary="Make a key",
            handle=create_key,
            body=CreateKey,
            answer=NewKey,
            status=201,
            shows_secret=True,
            problems=(TenantNotFound,),
        ),
        Route(
            method="DELETE",
            path="/v1/keys/{key_id}",
            summary="Revoke a key",
            handle=revoke_key,
            answer=ApiKey,
            problems=(KeyNotFound,),
        ),
        Route(
            method="GET",
            path="/v1/whoami",
            summary="Tell who is asking",
            handle=who_am_i,
            answer=Identified,
            problems=(TenantNotFound,),
        ),
    ]
