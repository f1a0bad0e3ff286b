"""Second factors over HTTP: enrolling, proving, removing, and recovery."""

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    ChallengeFactors,
    ChallengeNotAccepted,
    Code,
    CodeNotAccepted,
    ConfirmTotp,
    EnrolPasskey,
    Factor,
    FactorChallenge,
    FactorList,
    FactorNotFound,
    Factors,
    FactorsLocked,
    LastFactor,
    ListFactors,
    NotYourself,
    OfferPasskey,
    OfferTotp,
    OnlyPeople,
    PasskeyIsKnown,
    PasskeyNotAccepted,
    PasskeyOffered,
    ProveFactor,
    Proven,
    Reason,
    Recovered,
    RecoverFactors,
    RemoveFactor,
    SignInAgain,
    TooManyFactors,
    TotpOffered,
)
from tallystick.identity.api.people import PersonNotFound
from tallystick.kernel.messages import Message
from tallystick.runtime.edge import Asked, Route

_SEATED = (OnlyPeople, SignInAgain)
_ENROLLING = (*_SEATED, StepUpNeeded, TooManyFactors)
_PASSKEY = (ChallengeNotAccepted, PasskeyNotAccepted)


class FirstCode(Message, frozen=True):
    """The first code of an app."""

    code: Code


class Recovery(Message, frozen=True):
    """Why a person may begin anew."""

    reason: Reason


def routes(factors: Factors) -> list[Route]:
    """The routes of second factors."""
    return [*_enrolling(factors), *_proving(factors), *_ending(factors)]


def _enrolling(factors: Factors) -> list[Route]:
    async def offer_totp(asked: Asked) -> TotpOffered:
        return await factors.offer_totp(caller=asked.caller, message=asked.body)

    async def confirm_totp(asked: Asked) -> Factor:
        message = ConfirmTotp(factor=asked.path["factor"], code=asked.body.code)
        return await factors.confirm_totp(caller=asked.caller, message=message)

    async def offer_passkey(asked: Asked) -> PasskeyOffered:
        return await factors.offer_passkey(caller=asked.caller, message=OfferPasskey())

    async def enrol_passkey(asked: Asked) -> Factor:
        return await factors.enrol_passkey(caller=asked.caller, message=asked.body)

    return [
        Route(
            method="POST",
            path="/v1/factors/totp",
            summary="Begin to enrol an app that shows codes",
            handle=offer_totp,
            body=OfferTotp,
            answer=TotpOffered,
            status=201,
            shows_secret=True,
            problems=_ENROLLING,
        ),
        Route(
            method="POST",
            path="/v1/factors/{factor}/confirm",
            summary="Finish it with a first code",
            handle=confirm_totp,
            body=FirstCode,
            answer=Factor,
            problems=(*_ENROLLING, FactorNotFound, CodeNotAccepted, FactorsLocked),
        ),
        Route(
            method="POST",
            path="/v1/factors/passkey-offers",
            summary="Begin to enrol a passkey",
            handle=offer_passkey,
            answer=PasskeyOffered,
            status=201,
            problems=(*_ENROLLING, ChallengeNotAccepted),
        ),
        Route(
            method="POST",
            path="/v1/factors/passkeys",
            summary="Finish it with what the passkey answered",
            handle=enrol_passkey,
            body=EnrolPasskey,
            answer=Factor,
            status=201,
            problems=(*_ENROLLING, *_PASSKEY, PasskeyIsKnown),
        ),
    ]


def _proving(factors: Factors) -> list[Route]:
    async def list_factors(asked: Asked) -> FactorList:
        return await factors.factors(caller=asked.caller, message=ListFactors())

    async def challenge(asked: Asked) -> FactorChallenge:
        return await factors.challenge(caller=asked.caller, message=ChallengeFactors())

    async def prove(asked: Asked) -> Proven:
        return await factors.prove(caller=asked.caller, message=asked.body)

    return [
        Route(
            method="GET",
            path="/v1/factors",
            summary="List your second factors",
            handle=list_factors,
            answer=FactorList,
            problems=(OnlyPeople,),
        ),
        Route(
            method="POST",
            path="/v1/factors/challenge",
            summary="Ask how a second factor can be proven now",
            handle=challenge,
            answer=FactorChallenge,
            problems=(*_SEATED, ChallengeNotAccepted),
        ),
        Route(
            method="POST",
            path="/v1/factors/prove",
            summary="Prove a second factor in this session",
            handle=prove,
            body=ProveFactor,
            answer=Proven,
            problems=(*_SEATED, *_PASSKEY, CodeNotAccepted, FactorsLocked),
        ),
    ]


def _ending(factors: Factors) -> list[Route]:
    async def remove(asked: Asked) -> Factor:
        message = RemoveFactor(factor=asked.path["factor"])
        return await factors.remove(caller=asked.caller, message=message)

    async def recover(asked: Asked) -> Recovered:
        message = RecoverFactors(person=asked.path["person"], reason=asked.body.reason)
        return await factors.recover(caller=asked.caller, message=message)

    return [
        Route(
            method="DELETE",
            path="/v1/factors/{factor}",
            summary="Remove a second factor of yours",
            handle=remove,
            answer=Factor,
            problems=(*_SEATED, StepUpNeeded, FactorNotFound, LastFactor),
        ),
        Route(
            method="POST",
            path="/v1/people/{person}/recover",
            summary="End all factors and sessions of a person, who then begins anew",
            handle=recover,
            body=Recovery,
            answer=Recovered,
            problems=(*_SEATED, StepUpNeeded, NotYourself, PersonNotFound),
        ),
    ]
