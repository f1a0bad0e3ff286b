"""Identifiers: ours say their kind and sort by time; the caller's are 1 to 64 printable ASCII."""

import re

# Crockford's base 32: no I, L, O, U, so that an id read aloud comes back the same.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CALLER_ID = re.compile(r"[!-~]{1,64}")
ENTROPY_BYTES = 10
# A tenant's number is 41 bits of milliseconds (until 2039) and 22 of chance: 63 bits, a bigint.
TENANT_CHANCE_BITS = 22
# A tenant that a trial is made in shows it: the first 16 bits of its chance are all set, as no other tenant's are.
_TRIAL_CHANCE_BITS = 6
_TRIAL = (1 << TENANT_CHANCE_BITS - _TRIAL_CHANCE_BITS) - 1


def base32(number: int, *, width: int) -> str:
    """Write a non-negative integer as ``width`` characters whose order is the number's."""
    digits = [_ALPHABET[number >> shift & 31] for shift in range(5 * (width - 1), -1, -5)]
    return "".join(digits)


def make(prefix: str, *, now_ms: int, entropy: bytes) -> str:
    """Make an id such as ``pay_01jc…``: 48 bits of time, then 80 of chance (a ULID)."""
    number = now_ms << 80 | int.from_bytes(entropy[:ENTROPY_BYTES], "big")
    return f"{prefix}_{base32(number, width=26)}"


def is_of_ours(text: str, prefix: str) -> bool:
    """Tell whether ``make`` could have made this id."""
    kind, _, digits = text.partition("_")
    return kind == prefix and len(digits) == 26 and all(digit in _ALPHABET for digit in digits)


def made_at_ms(name: str) -> int:
    """When an id such as ``make`` makes was made, in milliseconds since 1970. Raises ValueError for anything else."""
    _, _, digits = name.partition("_")
    if len(digits) != 26 or any(digit not in _ALPHABET for digit in digits) or digits[0] > "7":
        raise ValueError(f"{name[:64]!r} is no id of ours")
    number = 0
    for digit in digits[:10]:
        number = number << 5 | _ALPHABET.index(digit)
    return number


def make_tenant_id(*, now_ms: int, chance: int) -> int:
    """Make a tenant's number: positive, 63 bits, sorted by time. It is none of a trial's."""
    made = now_ms << TENANT_CHANCE_BITS | chance % (1 << TENANT_CHANCE_BITS)
    return made ^ 1 << TENANT_CHANCE_BITS - 1 if is_of_trial(made) else made


def make_trial_id(*, now_ms: int, chance: int) -> int:
    """Make the number of a tenant that a trial is made in: positive, 63 bits, sorted by time."""
    drawn = chance % (1 << _TRIAL_CHANCE_BITS)
    return now_ms << TENANT_CHANCE_BITS | _TRIAL << _TRIAL_CHANCE_BITS | drawn


def is_of_trial(tenant_id: int) -> bool:
    """Tell whether a tenant was made for a trial."""
    return tenant_id >> _TRIAL_CHANCE_BITS & _TRIAL == _TRIAL


def tenant_name(tenant_id: int) -> str:
    """The public spelling of a tenant's number, ``tnt_`` and 13 characters."""
    return f"tnt_{base32(tenant_id, width=13)}"


def tenant_id_of(name: str) -> int:
    """Read ``tenant_name`` back. Raises ValueError for anything else."""
    prefix, _, digits = name.partition("_")
    if prefix != "tnt" or len(digits) != 13 or any(digit not in _ALPHABET for digit in digits):
        raise ValueError(f"{name!r} is not a tenant id (tnt_ and 13 characters)")
    number = 0
    for digit in digits:
        number = number << 5 | _ALPHABET.index(digit)
    if number >= 1 << 63:
        raise ValueError(f"{name!r} is not a tenant id (too large)")
    return number


def is_caller_id(text: str) -> bool:
    """Tell whether a caller may use this as an id: 1 to 64 printable ASCII characters, no space."""
    return _CALLER_ID.fullmatch(text) is not None
