"""Questions about second factors. Written by ``make client`` from the routes."""

from typing import Any

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.identity.api.factors import (
    Factor,
    FactorChallenge,
    FactorList,
    PasskeyOffered,
    Proven,
    TotpOffered,
)


class Factors(Group):
    """What can be asked of second factors."""

    def offer_totp(
        self, *, label: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> TotpOffered:
        """Begin to enrol an app that shows codes.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/factors/totp",
                TotpOffered,
                body={"label": label},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def confirm_totp(
        self,
        *,
        factor: str,
        code: str,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Factor:
        """Finish it with a first code.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors, FactorNotFound, CodeNotAccepted,
        FactorsLocked.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/factors/{segment(factor)}/confirm",
                Factor,
                body={"code": code},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def offer_passkey(
        self, *, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> PasskeyOffered:
        """Begin to enrol a passkey.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors, ChallengeNotAccepted.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/factors/passkey-offers",
                PasskeyOffered,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def enrol_passkey(
        self,
        *,
        challenge: str,
        label: str,
        credential: dict[str, Any],
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Factor:
        """Finish it with what the passkey answered.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors, ChallengeNotAccepted,
        PasskeyNotAccepted, PasskeyIsKnown.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/factors/passkeys",
                Factor,
                body={"challenge": challenge, "label": label, "credential": credential},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def factors(self, *, within_ms: int | None = None) -> FactorList:
        """List your second factors.

        Raises OnlyPeople.
        """
        return self._ask(Call("GET", "/v1/factors", FactorList, within_ms=within_ms))

    def challenge(
        self, *, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> FactorChallenge:
        """Ask how a second factor can be proven now.

        Raises OnlyPeople, SignInAgain, ChallengeNotAccepted.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/factors/challenge",
                FactorChallenge,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def prove(
        self,
        *,
        code: str | None = None,
        challenge: str | None = None,
        credential: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Proven:
        """Prove a second factor in this session.

        Raises OnlyPeople, SignInAgain, ChallengeNotAccepted, PasskeyNotAccepted, CodeNotAccepted,
        FactorsLocked.
        """
        return self._ask(
            Call(
                "POST",
                "/v1/factors/prove",
                Proven,
                body=said({"code": code, "challenge": challenge, "credential": credential}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def remove(
        self, *, factor: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Factor:
        """Remove a second factor of yours.

        Raises OnlyPeople, SignInAgain, StepUpNeeded, FactorNotFound, LastFactor.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/factors/{segment(factor)}",
                Factor,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
