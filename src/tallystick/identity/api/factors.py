"""The door of second factors: enrolling them, proving one (step-up), removing them, and recovery by others."""

from typing import Annotated, Any, Protocol

from msgspec import Meta

from tallystick.identity.api.keys import Name
from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.kernel.tags import Tag, records, unrecorded

FACTORS_MAX = 10
REASON_MAX = 500

FactorId = Annotated[str, told("The factor, ``fac_…``.")]
ChallengeId = Annotated[str, told("The challenge, ``chl_…``.")]
Code = Annotated[
    str,
    Meta(
        description="The six digits that the app shows now.",
        extra_json_schema={"pattern": "^[0-9]{6}$"},
    ),
]
Label = Annotated[Name, told("What you call it, such as the device it is on.")]
Reason = Annotated[
    str,
    Meta(
        description=f"How you know that it is them, 1 to {REASON_MAX} printable characters.",
        extra_json_schema={"minLength": 1, "maxLength": REASON_MAX},
    ),
]
Credential = Annotated[
    dict[str, Any],
    told("What the passkey answered, as ``toJSON()`` of WebAuthn level 3 writes it."),
]
Options = Annotated[
    dict[str, Any], told("The options for the passkey, as WebAuthn level 3 writes them in JSON.")
]


class ListFactors(Message, frozen=True):
    """List the caller's factors."""


class OfferTotp(Message, frozen=True):
    """Begin to enrol an app that shows codes (RFC 6238)."""

    label: Label


class ConfirmTotp(Message, frozen=True):
    """Finish it with a first code."""

    factor: FactorId
    code: Code


class OfferPasskey(Message, frozen=True):
    """Begin to enrol a passkey."""


class EnrolPasskey(Message, frozen=True):
    """Finish it with what the passkey answered."""

    challenge: ChallengeId
    label: Label
    credential: Credential


class ChallengeFactors(Message, frozen=True):
    """Ask how a second factor can be proven now."""


class ProveFactor(Message, frozen=True):
    """Prove a second factor: by a ``code``, or by what a passkey answered to a ``challenge``."""

    code: Code | None = None
    challenge: ChallengeId | None = None
    credential: Credential | None = None


class RemoveFactor(Message, frozen=True):
    """Remove a factor of the caller."""

    factor: FactorId


class RecoverFactors(Message, frozen=True):
    """Let another person begin anew: all their factors and sessions end. Others must agree first."""

    person: Annotated[str, told("Who lost their factors, ``per_…``.")]
    reason: Reason


class Factor(Message, frozen=True):
    """A second factor, without its secret."""

    factor: FactorId
    kind: Annotated[str, told("``totp`` or ``passkey``.")]
    label: Label
    created_at: Time
    confirmed_at: Annotated[Time | None, told("Since when it can be proven.")] = None
    ended_at: Annotated[Time | None, told("When it ended.")] = None


class FactorList(Message, frozen=True):
    """The factors of the caller that have not ended."""

    items: Annotated[tuple[Factor, ...], told("Oldest first.")]


class TotpOffered(Message, frozen=True):
    """A secret for an app, shown this once."""

    factor: FactorId
    secret: Annotated[str, told("The secret in base 32, shown this once.")]
    uri: Annotated[str, told("The same as ``otpauth://…``, for a picture.")]
    until: Annotated[Time, told("Until when a first code confirms it.")]


class PasskeyOffered(Message, frozen=True):
    """What a new passkey is asked."""

    challenge: ChallengeId
    options: Options
    until: Annotated[Time, told("Until when it may be answered.")]


class FactorChallenge(Message, frozen=True):
    """How a second factor can be proven now."""

    kinds: Annotated[tuple[str, ...], told("The kinds that the caller has.")]
    challenge: Annotated[ChallengeId | None, told("What a passkey answers to; none has none.")] = (
        None
    )
    options: Annotated[Options | None, told("The options for the passkey.")] = None
    until: Annotated[Time | None, told("Until when it may be answered.")] = None


class Proven(Message, frozen=True):
    """A second factor was proven in this session."""

    method: Annotated[str, told("``totp`` or ``passkey``.")]
    factor: FactorId
    mfa_at: Annotated[Time, told("When one was first proven in this session.")]
    stepped_up_at: Annotated[Time, told("When one was proven last: now.")]
    lapses_at: Annotated[Time, told("Until when that counts as fresh.")]


class Recovered(Message, frozen=True):
    """All factors and sessions of a person have ended."""

    person: Annotated[str, told("Whose, ``per_…``.")]
    factors: Annotated[int, told("How many factors ended.")]
    sessions: Annotated[int, told("How many sessions ended.")]


class OnlyPeople(Problem):
    """This is for a person who signed in: a key, a client or a job has no second factor and agrees to nothing."""

    code = "only_people"
    kind = Kind.FORBIDDEN


class SignInAgain(Problem):
    """The first factor is enrolled within ten minutes of signing in: sign in again."""

    code = "sign_in_again"
    kind = Kind.FORBIDDEN


class FactorNotFound(Problem):
    """The caller has no such factor."""

    code = "factor_not_found"
    kind = Kind.NOT_FOUND


class TooManyFactors(Problem):
    """A person has at most ten factors: remove one."""

    code = "too_many_factors"
    kind = Kind.CONFLICT


class LastFactor(Problem):
    """A person keeps one factor, since without any the next would be enrolled without a proof: enrol another first."""

    code = "last_factor"
    kind = Kind.CONFLICT


class PasskeyIsKnown(Problem):
    """This passkey is enrolled already."""

    code = "passkey_is_known"
    kind = Kind.CONFLICT


class CodeNotAccepted(Problem):
    """The code is wrong, from another time, or was used before."""

    code = "code_not_accepted"
    kind = Kind.UNPROCESSABLE


class PasskeyNotAccepted(Problem):
    """What the passkey answered is not accepted; the detail says what was looked at."""

    code = "passkey_not_accepted"
    kind = Kind.UNPROCESSABLE


class ChallengeNotAccepted(Problem):
    """The challenge is unknown, answered already, too old, or of another session: ask for a new one."""

    code = "challenge_not_accepted"
    kind = Kind.UNPROCESSABLE


class FactorsLocked(Problem):
    """Too many wrong codes: none is looked at until the time in ``fields.until``."""

    code = "factors_locked"
    kind = Kind.FORBIDDEN
    retry = Retry.LATER


class NotYourself(Problem):
    """Nobody recovers their own factors: another administrator does."""

    code = "not_yourself"
    kind = Kind.FORBIDDEN


def _of_person(message: RecoverFactors) -> Facts:
    return Facts(on=message.person, person=message.person)


class Factors(Protocol):
    """Second factors. Each method works within ``caller.tenant_id``, and all but one on the caller's own."""

    @asks(Action.IDENTITY_FACTOR_READ)
    @unrecorded("a person is told what they enrolled themself")
    async def factors(self, *, caller: Caller, message: ListFactors) -> FactorList:
        """List the caller's factors, at most ten. Raises OnlyPeople."""
        ...

    @asks(Action.IDENTITY_FACTOR_ENROL)
    @records(Tag.IDENTITY_FACTOR_ENROL)
    async def offer_totp(self, *, caller: Caller, message: OfferTotp) -> TotpOffered:
        """Begin to enrol codes. Raises Malformed, OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors."""
        ...

    @asks(Action.IDENTITY_FACTOR_ENROL)
    @records(Tag.IDENTITY_FACTOR_ENROL, notes_refusals=True)
    async def confirm_totp(self, *, caller: Caller, message: ConfirmTotp) -> Factor:
        """Finish it. Raises Malformed, OnlyPeople, FactorNotFound, CodeNotAccepted, FactorsLocked, SignInAgain."""
        ...

    @asks(Action.IDENTITY_FACTOR_ENROL)
    @records(Tag.IDENTITY_FACTOR_ENROL)
    async def offer_passkey(self, *, caller: Caller, message: OfferPasskey) -> PasskeyOffered:
        """Begin to enrol a passkey. Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors."""
        ...

    @asks(Action.IDENTITY_FACTOR_ENROL)
    @records(Tag.IDENTITY_FACTOR_ENROL)
    async def enrol_passkey(self, *, caller: Caller, message: EnrolPasskey) -> Factor:
        """Finish it.

        Raises what offering does, and Malformed, ChallengeNotAccepted, PasskeyNotAccepted, PasskeyIsKnown.
        """
        ...

    @asks(Action.IDENTITY_FACTOR_PROVE)
    @unrecorded("asking for a challenge proves nothing yet")
    async def challenge(self, *, caller: Caller, message: ChallengeFactors) -> FactorChallenge:
        """Ask how a second factor can be proven now. Raises OnlyPeople."""
        ...

    @asks(Action.IDENTITY_FACTOR_PROVE)
    @records(Tag.IDENTITY_FACTOR_PROVE, Tag.IDENTITY_FACTOR_LOCK, notes_refusals=True)
    async def prove(self, *, caller: Caller, message: ProveFactor) -> Proven:
        """Prove a second factor in this session: it counts as fresh from now on, for as long as the tenant says.

        Raises Malformed, OnlyPeople, CodeNotAccepted, FactorsLocked, ChallengeNotAccepted, PasskeyNotAccepted.
        """
        ...

    @asks(Action.IDENTITY_FACTOR_REMOVE)
    @records(Tag.IDENTITY_FACTOR_REMOVE)
    async def remove(self, *, caller: Caller, message: RemoveFactor) -> Factor:
        """Remove a factor, but not the last one. Raises OnlyPeople, StepUpNeeded, FactorNotFound, LastFactor."""
        ...

    @asks(Action.IDENTITY_FACTOR_RECOVER, about=_of_person)
    @records(Tag.IDENTITY_FACTOR_RECOVER)
    async def recover(self, *, caller: Caller, message: RecoverFactors) -> Recovered:
        """End all factors and sessions of another person, who then signs in and enrols anew.

        Raises Malformed, OnlyPeople, NotYourself, PersonNotFound, StepUpNeeded.
        """
        ...
