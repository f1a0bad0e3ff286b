"""Acts: commands that were read and found well-formed, each with its fingerprint."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from tallystick.kernel import instants
from tallystick.kernel.ids import is_caller_id
from tallystick.kernel.instants import Instant
from tallystick.kernel.money import AMOUNT_DIGITS_MAX, AMOUNT_MAX, Digits
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import (
    ADDRESS_MAX,
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
)

OUR_PREFIX = "txn_"
_ADDRESS = re.compile(r"[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)*")
_ASSET = re.compile(r"[A-Z0-9._]{1,16}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,37}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DIGEST_BYTES = 16

# The parts of an act's content, in the order in which a difference is named.
_PARTS = (
    RefusalCode.EXISTS_WITH_DIFFERENT_KIND,
    RefusalCode.EXISTS_WITH_DIFFERENT_TARGET,
    RefusalCode.EXISTS_WITH_DIFFERENT_POSTINGS,
    RefusalCode.EXISTS_WITH_DIFFERENT_AMOUNTS,
    RefusalCode.EXISTS_WITH_DIFFERENT_FINAL,
    RefusalCode.EXISTS_WITH_DIFFERENT_EFFECTIVE_AT,
    RefusalCode.EXISTS_WITH_DIFFERENT_EXPIRES_AT,
    RefusalCode.EXISTS_WITH_DIFFERENT_REFERENCE,
    RefusalCode.EXISTS_WITH_DIFFERENT_METADATA,
)

Move = tuple[str, str, int, str, bool]
"""Debit address, credit address, amount, asset, balancing."""


@dataclass(slots=True, kw_only=True)
class Act:
    """A well-formed act, its texts read into values. ``id`` is the caller's, or one of ours."""

    id: str
    kind: str
    moves: Sequence[Move]
    target: str | None
    amounts: Sequence[int] | None
    final: bool
    effective_at: Instant | None
    expires_at: Instant | None
    reference: str | None
    metadata: Metadata | None
    group: str | None
    fingerprint: bytes


def read(command: AnyCommand, *, where: str, new_id: Callable[[], str]) -> Act:
    """Read a command. Raises Malformed, naming the field, for anything not well-formed."""
    kind = command.__struct_config__.tag
    target: str | None = None
    amounts: Sequence[int] | None = None
    moves: Sequence[Move] = ()
    expires_at: Instant | None = None
    final = False
    if isinstance(command, Post | Hold):
        moves = _moves(command.postings, where)
        if isinstance(command, Hold) and command.expires_at is not None:
            expires_at = moment(command.expires_at, f"{where}.expires_at")
    else:
        target = identifier(command.target, f"{where}.target")
        if isinstance(command, Capture | Reverse):
            amounts = _amounts(command.amounts, where)
        if isinstance(command, Capture):
            final = command.final
    act = Act(
        id=new_id() if command.id is None else _own_id(command.id, where),
        kind=str(kind),
        moves=moves,
        target=target,
        amounts=amounts,
        final=final,
        effective_at=optional_moment(command.effective_at, f"{where}.effective_at"),
        expires_at=expires_at,
        reference=reference_of(command.reference, where),
        metadata=metadata(command.metadata, where),
        group=command.group,
        fingerprint=b"",
    )
    act.fingerprint = fingerprint(act)
    return act


def expiry_of(hold_id: str) -> Act:
    """The act by which a hold ends when its time has passed, under an id derived from the hold's."""
    digest = blake2b(hold_id.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    act = Act(
        id=f"{OUR_PREFIX}expiry_{digest}", kind="expire", moves=(), target=hold_id, amounts=None, final=False,
        effective_at=None, expires_at=None, reference=None, metadata=None, group=None, fingerprint=b"",
    )  # fmt: skip
    act.fingerprint = fingerprint(act)
    return act


def fingerprint(act: Act) -> bytes:
    """Condense an act's content: which parts it has, four bytes of each, sixteen of the whole.

    The whole decides whether two acts are the same; the parts only name what differs.
    """
    texts = _texts(act)
    present, parts = 0, b""
    for position, text in enumerate(texts):
        if text:
            present |= 1 << position
            parts += crc32(text).to_bytes(4, "big")
    whole = blake2b(b"\x1e".join(texts), digest_size=_DIGEST_BYTES).digest()
    return whole + present.to_bytes(2, "big") + parts


def difference(known: bytes, given: bytes) -> RefusalCode | None:
    """Name the first part in which two fingerprints differ; None when they are the same act."""
    if known == given:
        return None
    known_parts, given_parts = _parts_of(known), _parts_of(given)
    for position, code in enumerate(_PARTS):
        if known_parts.get(position) != given_parts.get(position):
            return code
    # Two different texts with one checksum (one in 2**32): the digest knows, the name is the likeliest.
    return RefusalCode.EXISTS_WITH_DIFFERENT_POSTINGS


def _parts_of(mark: bytes) -> dict[int, bytes]:
    present = int.from_bytes(mark[_DIGEST_BYTES : _DIGEST_BYTES + 2], "big")
    positions = [position for position in range(len(_PARTS)) if present >> position & 1]
    start = _DIGEST_BYTES + 2
    return {
        position: mark[start + 4 * order : start + 4 * order + 4]
        for order, position in enumerate(positions)
    }


def _texts(act: Act) -> tuple[bytes, ...]:
    def text(value: object) -> bytes:
        return b"" if value is None else str(value).encode()

    return (
        act.kind.encode(),
        text(act.target),
        # The lengths keep texts apart that are no addresses and hold the separators.
        ";".join(
            [f"{len(d)},{len(c)},{len(a)}:{d}>{c} {n} {a} {b:d}" for d, c, n, a, b in act.moves]
        ).encode(),
        text(act.amounts),
        b"1" if act.final else b"",
        text(act.effective_at),
        text(act.expires_at),
        text(act.reference),
        b"" if act.metadata is None else repr(sorted(act.metadata.items())).encode(),
    )


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
        amount = amount_of(posting.amount, where, position)
        moves.append((debit, credit, amount, posting.asset, posting.balancing))
    return moves


def amount_of(digits: Digits, where: str, position: int) -> int:
    """Read an amount of 1 to 38 digits. Raises Malformed for zero, negative, longer, or not digits."""
    if isinstance(digits, int):
        if 0 < digits <= AMOUNT_MAX:
            return digits
    elif _AMOUNT.fullmatch(digits):
        return int(digits)
    raise malformed(
        f"{where}.postings[{position}].amount",
        f"an amount is a whole number of minor units, at least 1, at most {AMOUNT_DIGITS_MAX} digits",
    )


def _amounts(amounts: Sequence[Digits] | None, where: str) -> tuple[int, ...] | None:
    if amounts is None:
        return None
    if not 1 <= len(amounts) <= POSTINGS_MAX:
        raise malformed(f"{where}.amounts", f"give 1 to {POSTINGS_MAX} amounts, one per posting")
    read_amounts = tuple(
        0 if amount in (0, "0") else amount_of(amount, where, position)
        for position, amount in enumerate(amounts)
    )
    if not any(read_amounts):
        raise malformed(f"{where}.amounts", "at least one amount is more than zero")
    return read_amounts


def malformed(field: str, detail: str) -> Malformed:
    """A refusal that names the field."""
    return Malformed(detail, {"field": field})


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


def reference_of(text: str | None, where: str) -> str | None:
    """Read a reference that may be absent. Raises Malformed."""
    if text is not None and (not 1 <= len(text) <= REFERENCE_MAX or _CONTROL.search(text)):
        raise malformed(
            f"{where}.reference",
            f"a reference is 1 to {REFERENCE_MAX} characters, no control characters",
        )
    return text


def metadata(given: Metadata | None, where: str) -> Metadata | None:
    """Check metadata: at most 20 keys of 1 to 64 characters, texts of at most 500. Raises Malformed."""
    if not given:
        return None
    if len(given) > METADATA_KEYS_MAX:
        raise malformed(f"{where}.metadata", f"metadata has at most {METADATA_KEYS_MAX} keys")
    for key, text in given.items():
        if not 1 <= len(key) <= 64 or len(text) > METADATA_TEXT_MAX:
            raise malformed(
                f"{where}.metadata",
                f"a key has 1 to 64 characters, a text at most {METADATA_TEXT_MAX}",
            )
        if _CONTROL.search(key) or _CONTROL.search(text):
            raise malformed(f"{where}.metadata", "metadata has no control characters")
    return given


def address(text: str, field: str) -> str:
    """Read an account's address. Raises Malformed."""
    if not is_address(text):
        raise malformed(
            field,
            f"an address is segments of A-Z a-z 0-9 - _ . joined by colons, at most {ADDRESS_MAX}",
        )
    return text


def is_address(text: str) -> bool:
    """Tell whether a text can be an account's address at all."""
    return len(text) <= ADDRESS_MAX and _ADDRESS.fullmatch(text) is not None


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
