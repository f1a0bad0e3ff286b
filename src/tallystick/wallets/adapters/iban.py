"""IBANs by the registry of SWIFT, as schwifty carries it: the first call reads its files."""

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from tallystick.wallets.api import IbanNotValid

# The longest of any country has 34 characters; people write it in groups of four.
IBAN_TEXT_MAX = 64


def read(text: str) -> str:
    """Answer an IBAN without spaces, in capitals. Raises IbanNotValid for a wrong country, length, form or checksum."""
    written = normalised(text)
    if len(text) > IBAN_TEXT_MAX or not (written.isascii() and written.isalnum()):
        raise IbanNotValid("This is not an IBAN.", {"iban": text[:IBAN_TEXT_MAX]})
    try:
        return str(IBAN(written))
    except SchwiftyException as error:
        raise IbanNotValid(f"This is not an IBAN: {error}.", {"iban": text}) from None


def normalised(text: str) -> str:
    """Write a text as an IBAN is stored: without spaces, in capitals. It need not be one."""
    return text.replace(" ", "").upper()
