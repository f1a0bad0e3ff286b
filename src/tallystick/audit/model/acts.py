"""Acts in words: what a tag means to whoever did it, and what happens when it is asked for again."""

from typing import NamedTuple

from tallystick.kernel.entries import ASKED, DONE

_PAST = {
    "adopt": "adopted", "check": "checked", "create": "created", "end": "ended", "export": "exported", "give": "given",
    "hold": "held", "open": "opened", "read": "read", "recover": "recovered", "refuse": "refused", "set": "set",
    "submit": "submitted", "take": "taken", "limit": "limits set", "status": "status set", "sign_in": "signed in",
    "post": "posted", "capture": "captured", "void": "voided", "reverse": "reversed", "revoke": "revoked",
    "add": "added", "freeze": "frozen", "unfreeze": "unfrozen", "close": "closed", "reopen": "reopened",
    "settle": "settled", "make": "made", "decide": "decided", "expire": "expired", "migrate": "migrated",
}  # fmt: skip
_READING = {"read", "export", "check", "list", "preview"}
_SIGNING_IN = {"sign_in"}
# Acts whose message has an id that is remembered for ever.
_BY_OWN_ID = ("ledger.transaction.", "ledger.batch.", "wallets.wallet.open", "payments.file.submit")
# Acts that make something new, with a secret that is shown once.
_MAKES_A_SECRET = ("identity.key.create", "identity.client.create", "identity.factor.enrol")
# Refused at the door, before the act was known by its id: nothing remembers it.
_AT_THE_DOOR = {
    "not_allowed",
    "step_up_needed",
    "approval_needed",
    "approval_needs_an_id",
    "too_long_to_agree_to",
}

_NOTHING = "It was refused and nothing was done: ask again when what it was refused for is mended."
_REMEMBERED = "Send the same id or Idempotency-Key: the refusal is given again. A new id asks anew."
_FIRST_AGAIN = (
    "Send the same id or Idempotency-Key: you get the first answer again, and nothing is done twice. "
    "Without either it is another act."
)
_READ_AGAIN = "Ask again: reading changes nothing."
_SIGN_IN_AGAIN = "Sign in again: it begins another session, and ends none."
_ANOTHER = (
    "Asked for again it is done again, and makes another. Its secret was shown once and is kept nowhere: end this one "
    "and make another if you never saw it."
)
_KEYED = (
    "Send the same Idempotency-Key within 24 hours: you get the first answer again. Without one it is asked anew, of "
    "what is there now."
)


class Repeating(NamedTuple):
    """Whether to ask for an act again does no harm, and what happens then."""

    may: bool
    how: str


def title_of(tag: str, outcome: str) -> str:
    """What was done, in words: "Transaction posted", or "Transaction not posted" when it was refused."""
    _, noun, verb = (*tag.split(".", 2), "", "")[:3]
    words = noun.replace("_", " ").capitalize()
    done = _PAST.get(verb, _regular(verb))
    if outcome == ASKED:
        return f"{words} asked to be {done}"
    return f"{words} {done}" if outcome == DONE else f"{words} not {done}"


def _regular(verb: str) -> str:
    words = verb.replace("_", " ")
    return f"{words}d" if words.endswith("e") else f"{words}ed"


def repeating(tag: str, outcome: str) -> Repeating:
    """What whoever lost the answer to an act may do."""
    verb = tag.rpartition(".")[2]
    if verb in _READING:
        return Repeating(True, _READ_AGAIN)
    if verb in _SIGNING_IN:
        return Repeating(True, _SIGN_IN_AGAIN)
    if outcome in _AT_THE_DOOR:
        return Repeating(True, _NOTHING)
    if tag.startswith(_BY_OWN_ID):
        return Repeating(True, _FIRST_AGAIN if outcome == DONE else _REMEMBERED)
    if outcome != DONE:
        return Repeating(True, _NOTHING)
    if tag in _MAKES_A_SECRET:
        return Repeating(False, _ANOTHER)
    return Repeating(True, _KEYED)
