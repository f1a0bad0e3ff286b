"""Forms of wallets: what is filled in as messages, and refusals beside the field they are about."""

from typing import Final

from tallystick.console.site import Visit
from tallystick.kernel.money import exponent_of
from tallystick.kernel.problems import Kind, Problem, malformed
from tallystick.ledger.api import AssetExponentDiffers
from tallystick.wallets.api import (
    AccountNeedsAnIban,
    AccountWanted,
    IbanIsTaken,
    IbanNotValid,
    OpenWallet,
    Owner,
    OwnerKind,
    WalletAccountExistsDifferent,
    WalletExistsDifferent,
)

# Problems of the door that are about one field of a form.
_PLACES: Final = {
    IbanNotValid: "iban",
    IbanIsTaken: "iban",
    AccountNeedsAnIban: "iban",
    AssetExponentDiffers: "digits",
    WalletAccountExistsDifferent: "digits",
    WalletExistsDifferent: "id",
}
# How the door calls the fields of our forms.
_NAMES: Final = {
    "owner.name": "owner",
    "owner.reference": "reference",
    "exponent": "digits",
    "min_available": "least",
    "max_available": "most",
}
_KINDS: Final = (Kind.MALFORMED, Kind.CONFLICT, Kind.UNPROCESSABLE)


def wallet_of(visit: Visit) -> OpenWallet:
    """The wallet that a form asks for. Raises Malformed."""
    form = visit.form
    kind = form.text("kind")
    if kind not in set(OwnerKind):
        raise malformed("kind", visit.reader.text("wallets.choose_kind"))
    return OpenWallet(
        id=form.text("id"),
        owner=Owner(
            kind=OwnerKind(kind),
            name=form.text("owner"),
            reference=form.text("reference") or None,
        ),
        name=form.text("name"),
        accounts=(account_of(visit),),
    )


def account_of(visit: Visit) -> AccountWanted:
    """The account that a form asks for; a currency of ISO 4217 brings its digits. Raises Malformed."""
    asset, digits = visit.form.text("asset").upper(), visit.form.text("digits")
    try:
        exponent = int(digits) if digits.isascii() and digits.isdigit() else None
        exponent = exponent_of(asset) if exponent is None and not digits else exponent
    except ValueError:
        exponent = None
    if exponent is None:
        raise malformed("digits", visit.reader.text("wallets.tell_digits"))
    least, most = limits_of(visit, min(exponent, 18))
    return AccountWanted(
        asset=asset,
        exponent=exponent,
        iban=visit.form.text("iban") or None,
        min_available=least,
        max_available=most,
    )


def limits_of(visit: Visit, exponent: int) -> tuple[int | str | None, int | str | None]:
    """Both limits as they were filled in, in minor units; an empty field is no limit. Raises Malformed."""
    return _limit(visit, "least", exponent), _limit(visit, "most", exponent)


def _limit(visit: Visit, place: str, exponent: int) -> str | None:
    typed = visit.form.text(place, most=100)
    if not typed:
        return None
    size = typed.lstrip("-\N{MINUS SIGN}").strip()
    if not size.strip("0., '\N{NO-BREAK SPACE}"):
        return "0"
    try:
        minor = visit.reader.minor(size, exponent)
    except ValueError:
        raise malformed(place, visit.reader.text("accounts.no_amount")) from None
    return str(minor if size == typed.strip() else -minor)


def refused(problem: Problem) -> dict[str, str]:
    """What a form is refused with, by field; '' is the form itself. Raises the problem where it is not about a form."""
    if problem.kind not in _KINDS:
        raise problem
    place = _PLACES.get(type(problem))
    if place is not None:
        return {place: problem.detail}
    if not problem.fields or problem.kind != Kind.MALFORMED:
        return {"": problem.detail}
    return {
        _NAMES.get(
            name.removeprefix("accounts[0].").removeprefix("account."), name.split(".")[-1]
        ): words
        for name, words in problem.fields.items()
    }
