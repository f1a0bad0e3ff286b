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
    NarrowedMakesNone,
    NewKey,
    RevokeKey,
    RoleNotKnown,
    TenantNotFound,
    TooManyMakers,
    WhoAmI,
)
from tallystick.identity.http.proving import Prover, bearer
from tallystick.kernel.callers import Caller
from tallystick.runtime.edge import Asked, Route, Shown


def prover(identity: Identity) -> Prover:
    """What proves keys: ``Authorization: Bearer tally_…``. It raises Unauthenticated."""

    async def prove(shown: Shown, asking: Caller) -> Caller:
        return await identity.authenticate(
            caller=asking, message=Authenticate(key=bearer(shown.authorization))
        )

    return Prover(lambda authorization: bearer(authorization).startswith("tally_"), prove)


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
            problems=(TenantNotFound, RoleNotKnown, NarrowedMakesNone, TooManyMakers),
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
