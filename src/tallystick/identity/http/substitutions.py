"""Substitutions over HTTP."""

from tallystick.identity.api.keys import TenantNotFound
from tallystick.identity.api.substitutions import (
    ContractPromisesTooLittle,
    Differences,
    ListStandings,
    ListSubstitutes,
    NothingTried,
    ShowDifferences,
    StandingList,
    StandingOf,
    SubstituteList,
    SubstituteNotProven,
    Substitutions,
    SwitchOver,
    UndoSubstitution,
)
from tallystick.runtime.routes import Asked, Route


def routes(substitutions: Substitutions) -> list[Route]:
    """The routes of substitutions."""

    async def list_(asked: Asked) -> StandingList:
        return await substitutions.standing(caller=asked.caller, message=ListStandings())

    async def known(asked: Asked) -> SubstituteList:
        return await substitutions.substitutes(caller=asked.caller, message=ListSubstitutes())

    async def switch(asked: Asked) -> StandingOf:
        return await substitutions.substitute(caller=asked.caller, message=asked.body)

    async def undo(asked: Asked) -> StandingOf:
        message = UndoSubstitution(context=asked.path["context"])
        return await substitutions.undo(caller=asked.caller, message=message)

    async def differences(asked: Asked) -> Differences:
        message = ShowDifferences(context=asked.path["context"])
        return await substitutions.differences(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/substitutions",
            summary="Show which implementation serves the tenant",
            handle=list_,
            answer=StandingList,
        ),
        Route(
            method="GET",
            path="/v1/substitutes",
            summary="List the substitutes that are known",
            handle=known,
            answer=SubstituteList,
        ),
        Route(
            method="PUT",
            path="/v1/substitutions",
            summary="Switch the tenant over to a substitute, or try one in shadow",
            handle=switch,
            body=SwitchOver,
            answer=StandingOf,
            problems=(ContractPromisesTooLittle, SubstituteNotProven, TenantNotFound),
        ),
        Route(
            method="DELETE",
            path="/v1/substitutions/{context}",
            summary="Switch the tenant back to our own implementation",
            handle=undo,
            answer=StandingOf,
            problems=(TenantNotFound,),
        ),
        Route(
            method="GET",
            path="/v1/substitutions/{context}/differences",
            summary="Show how the answers of a substitute in shadow differed",
            handle=differences,
            answer=Differences,
            problems=(NothingTried,),
        ),
    ]
