"""Acts: commands that were read and found well-formed, each with its fingerprint."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

import msgspec

from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import is_caller_id
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import AMOUNT_DIGITS_MAX, Digits
from tallystick.kernel.patterns import ADDRESS_MAX, is_address
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import (
    METADATA_KEY_MAX,
    METADATA_KEYS_MAX,
    METADATA_TEXT_MAX,
    POSTINGS_MAX,
    REFERENCE_MAX,
    AnyCommand,
    Capture,
    Hold,
    Metadata,
    Post,
    Posting,
    RefusalCode,
    Reverse,
    Void,
)
from tallystick.ledger.api.words import amount_of

OUR_PREFIX = "txn_"
_ASSET = re.compile(r"[A-Z0-9._]{1,16}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_AMOUNT_RULE = (
    f"an amount is a whole number of minor units, at least 1, at most {AMOUNT_DIGITS_MAX} digits"
)
_DIGEST_BYTES = 16

# The parts of an act's content after its kind, in the order in which a difference is named.
_PARTS = (
    RefusalCode.EXISTS_WITH_DIFFERENT_TARGET,
    RefusalCode.EXISTS_WITH_DIFFERENT_POSTINGS,
    RefusalCode.EXISTS_WITH_DIFFERENT_AMOUNTS,
    RefusalCode.EXISTS_WITH_DIFFERENT_FINAL,
    RefusalCode.EXISTS_WITH_DIFFERENT_EFFECTIVE_AT,
    RefusalCode.EXISTS_WITH_DIFFERENT_EXPIRES_AT,
    RefusalCode.EXISTS_WITH_DIFFERENT_REFERENCE,
    RefusalCode.EXISTS_WITH_DIFFERENT_METADATA,
)

_KIND_SHIFT = 12
_KINDS = {
    kind: number << _KIND_SHIFT
    for number, kind in enumerate(("post", "hold", "capture", "void", "reverse", "expire"))
}

_KIND_OF = {kind: str(kind.__struct_config__.tag) for kind in (Post, Hold, Capture, Void, Reverse)}
_WITH_POSTINGS, _WITH_AMOUNTS = (Post, Hold), (Capture, Reverse)
_encode = msgspec.json.Encoder().encode

Move = tuple[str, str, int, str, bool]
"""Debit address, credit address, amount, asset, balancing."""


@dataclass(slots=True, kw_only=True)
class Act:
    """A well-formed act of a caller, its texts read into values. ``id`` is the caller's, or one of ours."""

    id: str
    kind: str
    caller: Caller
    moves: Sequence[Move] = ()
    target: str | None = None
    amounts: Sequence[int] | None = None
    final: bool = False
    effective_at: Instant | None = None
    expires_at: Instant | None = None
    reference: str | None = None
    metadata: Metadata | None = None
    group: str | None = None
    fingerprint: bytes = b""


def read(command: AnyCommand, *, where: str, new_id: Callable[[], str], caller: Caller) -> Act:
    """Read a command. Raises Malformed, naming the field, for anything not well-formed."""
    act = Act(
        id=new_id() if command.id is None else _own_id(command.id, where),
        kind=_KIND_OF[type(command)],
        caller=caller,
        group=command.group,
    )
    if isinstance(command, _WITH_POSTINGS):
        act.moves = _moves(command.postings, where)
        if isinstance(command, Hold):
            act.expires_at = optional_moment(command.expires_at, f"{where}.expires_at")
    else:
        act.target = identifier(command.target, f"{where}.target")
        if isinstance(command, _WITH_AMOUNTS):
            act.amounts = _amounts(command.amounts, where)
        act.final = isinstance(command, Capture) and command.final
    if command.effective_at is not None:
        act.effective_at = moment(command.effective_at, f"{where}.effective_at")
    if command.reference is not None:
        act.reference = reference_of(command.reference, f"{where}.reference")
    if command.metadata:
        act.metadata = metadata(command.metadata, f"{where}.metadata")
    act.fingerprint = fingerprint(act)
    return act


def expiry_of(hold_id: str, *, caller: Caller) -> Act:
    """The act by which a hold ends when its time has passed, under an id derived from the hold's."""
    digest = blake2b(hold_id.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    act = Act(id=f"{OUR_PREFIX}expiry_{digest}", kind="expire", caller=caller, target=hold_id)
    act.fingerprint = fingerprint(act)
    return act


def fingerprint(act: Act) -> bytes:
    """Condense an act's content: sixteen bytes of the whole, its kind and which parts it has, four bytes of each part.

    The whole decides whether two acts are the same; the rest only names what differs.
    """
    mask, parts, whole = _KINDS[act.kind], b"", b""
    for position, part in enumerate(
        (
            act.target, act.moves, act.amounts, act.final, act.effective_at, act.expires_at, act.reference,
            act.metadata and sorted(act.metadata.items()),
        )
    ):  # fmt: skip
        # Absent, no postings, not final. An instant of 0 is one.
        if part is not None and part is not False and part != ():
            text = _encode(part)
            mask |= 1 << position
            parts += crc32(text).to_bytes(4, "big")
            # A line feed stands in no compact JSON, so no two contents have one text.
            whole += text + b"\n"
    head = mask.to_bytes(2, "big")
    return blake2b(head + whole, digest_size=_DIGEST_BYTES).digest() + head + parts


def difference(known: bytes, given: bytes) -> RefusalCode | None:
    """Name the first part in which two fingerprints differ; None when they are the same act."""
    if known == given:
        return None
    known_kind, known_parts = _parts_of(known)
    given_kind, given_parts = _parts_of(given)
    if known_kind != given_kind:
        return RefusalCode.EXISTS_WITH_DIFFERENT_KIND
    for position, code in enumerate(_PARTS):
        if known_parts.get(position) != given_parts.get(position):
            return code
    # Two different texts with one checksum (one in 2**32): the digest knows, the name is the likeliest.
    return RefusalCode.EXISTS_WITH_DIFFERENT_POSTINGS


def _parts_of(mark: bytes) -> tuple[int, dict[int, bytes]]:
    mask = int.from_bytes(mark[_DIGEST_BYTES : _DIGEST_BYTES + 2], "big")
    positions = [position for position in range(len(_PARTS)) if mask >> position & 1]
    start = _DIGEST_BYTES + 2
    parts = {
        position: mark[start + 4 * order : start + 4 * order + 4]
        for order, position in enumerate(positions)
    }
    return mask >> _KIND_SHIFT, parts


def _moves(postings: Sequence[Posting], where: str) -> list[Move]:
    if not 1 <= len(postings) <= POSTINGS_MAX:
        raise malformed(f"{where}.postings", f"a transaction has 1 to {POSTINGS_MAX} postings")
    moves: list[Move] = []
    for position, posting in enumerate(postings):
        debit, credit = posting.debit, posting.credit
        if debit == credit:
            raise malformed(
                f"{where}.postings[{position}]", "a posting joins two different accounts"
            )
        # What is no address is not found like any other; what is longer than all of them is not looked for.
        if len(debit) > ADDRESS_MAX or len(credit) > ADDRESS_MAX:
            raise malformed(
                f"{where}.postings[{position}]", f"an address has {ADDRESS_MAX} characters at most"
            )
        amount = amount_of(posting.amount)
        if amount is None:
            raise malformed(f"{where}.postings[{position}].amount", _AMOUNT_RULE)
        moves.append((debit, credit, amount, posting.asset, posting.balancing))
    return moves


def _amounts(amounts: Sequence[Digits] | None, where: str) -> tuple[int, ...] | None:
    if amounts is None:
        return None
    if not 1 <= len(amounts) <= POSTINGS_MAX:
        raise malformed(f"{where}.amounts", f"give 1 to {POSTINGS_MAX} amounts, one per posting")
    found = tuple(0 if amount in (0, "0") else amount_of(amount) for amount in amounts)
    for position, amount in enumerate(found):
        if amount is None:
            raise malformed(f"{where}.amounts[{position}]", _AMOUNT_RULE)
    if not any(found):
        raise malformed(f"{where}.amounts", "at least one amount is more than zero")
    return tuple(amount or 0 for amount in found)


def identifier(text: str, field: str) -> str:
    """Read a caller's id. Raises Malformed."""
    if not is_caller_id(text):
        raise malformed(field, "an id is 1 to 64 printable ASCII characters without space")
    return text


def _own_id(text: str, where: str) -> str:
    if text.startswith(OUR_PREFIX):
        raise malformed(f"{where}.id", f"ids that start with {OUR_PREFIX} are made by the ledger")
    return identifier(text, f"{where}.id")


def moment(text: str, field: str) -> Instant:
    """Read an RFC 3339 timestamp. Raises Malformed."""
    try:
        return instants.parse(text)
    except ValueError as error:
        raise malformed(field, str(error)) from None


def optional_moment(text: str | None, field: str) -> Instant | None:
    """Read an RFC 3339 timestamp that may be absent. Raises Malformed."""
    return None if text is None else moment(text, field)


def reference_of(text: str | None, field: str) -> str | None:
    """Read a reference that may be absent. Raises Malformed."""
    if text is not None and (not 1 <= len(text) <= REFERENCE_MAX or _CONTROL.search(text)):
        raise malformed(
            field,
            f"a reference is 1 to {REFERENCE_MAX} characters, no control characters",
        )
    return text


def metadata(given: Metadata | None, field: str) -> Metadata | None:
    """Check metadata: at most 20 keys of 1 to 64 characters, texts of at most 500. Raises Malformed."""
    if not given:
        return None
    if len(given) > METADATA_KEYS_MAX:
        raise malformed(field, f"metadata has at most {METADATA_KEYS_MAX} keys")
    for key, text in given.items():
        if not 1 <= len(key) <= METADATA_KEY_MAX or len(text) > METADATA_TEXT_MAX:
            raise malformed(
                field,
                f"a key has 1 to {METADATA_KEY_MAX} characters, a text at most {METADATA_TEXT_MAX}",
            )
        if _CONTROL.search(key) or _CONTROL.search(text):
            raise malformed(field, "metadata has no control characters")
    return given


def address(text: str, field: str) -> str:
    """Read an account's address. Raises Malformed."""
    if not is_address(text):
        raise malformed(
            field,
            f"an address is segments of A-Z a-z 0-9 - _ . joined by colons, at most {ADDRESS_MAX}",
        )
    return text


def asset(text: str, field: str) -> str:
    """Read an asset's code. Raises Malformed."""
    if not _ASSET.fullmatch(text):
        raise malformed(field, "an asset is 1 to 16 of A-Z 0-9 . _")
    return text


def check_groups(acts: Sequence[Act]) -> None:
    """Raise Malformed when a group's items do not stand side by side, or name one id twice."""
    if all(act.group is None for act in acts):
        return
    ended: set[str] = set()
    ids = [(act.group, act.id) for act in acts if act.group is not None]
    if len(set(ids)) < len(ids):
        raise malformed("items", "an id stands once in a group")
    for before, after in pairwise([*acts, None]):
        assert before is not None
        if before.group is not None and before.group in ended:
            raise malformed(
                "items", f"the items of group {before.group!r} do not stand side by side"
            )
        if before.group is not None and (after is None or after.group != before.group):
            ended.add(before.group)
