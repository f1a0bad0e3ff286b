"""The people of the demonstration, as the development issuer asks them: a password each, and codes of an app."""

import base64
import secrets
from hmac import compare_digest
from typing import Final

from tallystick.apps import local
from tallystick.identity.model import totp
from tallystick.kernel.instants import SECOND, Instant

PEOPLE: Final = ("owner", "clerk", "approver", "bookkeeper")
PASSWORD_BYTES: Final = 12
FAILURES_MAX: Final = 5
LOCKED: Final[Instant] = 15 * 60 * SECOND
NOT_TAKEN: Final = "The password or the code is wrong, or the code was used before."
LOCKED_OUT: Final = "Too many wrong passwords or codes: none is looked at for fifteen minutes."


def people() -> dict[str, local.DemonstrationPerson]:
    """The people of the demonstration by name, with passwords and secrets of chance, made once and kept in the home."""
    known = local.people()
    missing = [name for name in PEOPLE if name not in known]
    if missing:
        known |= {name: _made() for name in missing}
        local.keep_people(known)
    return known


def _made() -> local.DemonstrationPerson:
    secret = totp.spelled(secrets.token_bytes(totp.SECRET_BYTES))
    return local.DemonstrationPerson(secrets.token_urlsafe(PASSWORD_BYTES), secret)


class Asking:
    """Asks people of the demonstration for a password and a code; five wrong ones lock a name for fifteen minutes."""

    def __init__(self) -> None:
        self._failed: dict[str, list[Instant]] = {}
        self._used: dict[str, int] = {}

    def refusal(self, name: str, password: str, code: str, now: Instant) -> str:
        """Why somebody is not believed, '' for whoever is. A code is good once."""
        if name not in PEOPLE:
            return NOT_TAKEN
        failed = [at for at in self._failed.get(name, ()) if now - LOCKED < at <= now]
        if len(failed) >= FAILURES_MAX:
            return LOCKED_OUT
        person = people()[name]
        secret = base64.b32decode(person.secret + "=" * (-len(person.secret) % 8))
        is_right = compare_digest(person.password.encode(), password.encode())
        step = totp.matching_step(secret, code, now) if totp.is_code(code) else None
        if not is_right or step is None or step <= self._used.get(name, -1):
            self._failed[name] = [*failed, now]
            return NOT_TAKEN
        self._used[name] = step
        self._failed.pop(name, None)
        return ""
