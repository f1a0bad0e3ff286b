"""Patterns of addresses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel.patterns import (
    any_fits,
    checked_pattern,
    covers,
    fits,
    is_address,
    is_pattern,
    range_of,
)
from tallystick.kernel.problems import Malformed

_WORD = st.sampled_from(["a", "b", "a.b", "a-b", "...", "A_1"])
ADDRESSES = st.lists(_WORD, min_size=1, max_size=4).map(":".join)
PATTERNS = st.lists(_WORD | st.just(""), min_size=1, max_size=4).map(":".join)


@pytest.mark.parametrize(
    ("pattern", "address", "is_one"),
    [
        ("bank", "bank", True),
        ("bank", "bank:1", False),
        ("bank:...", "bank", True),
        ("bank:...", "bank:1:2", True),
        ("bank:...", "banker", False),
        ("customers::main", "customers:17:main", True),
        ("customers::main", "customers:main", False),
        ("customers::...", "customers", False),
        ("customers:", "customers:17", True),
        ("", "one", True),
        ("", "one:two", False),
        ("...", "one:two", True),
        ("a.c", "abc", False),
        ("...", "not an address", False),
        ("a:", "a:", False),
    ],
)
def test_an_address_fits_a_pattern_or_not(pattern: str, address: str, *, is_one: bool) -> None:
    assert fits(pattern, address) is is_one
    assert any_fits(["zzz", pattern], address) is is_one


@given(PATTERNS, ADDRESSES)
def test_fitting_is_lying_in_the_range_and_matching_the_expression(pattern: str, address: str):
    first, beyond, expression = range_of(pattern)
    lies = first <= address < beyond
    matches = expression is None or re.search(expression, address) is not None
    assert fits(pattern, address) == (lies and matches)


@given(PATTERNS, PATTERNS, ADDRESSES)
def test_what_is_covered_fits(pattern: str, asked: str, address: str) -> None:
    if covers(pattern, asked) and fits(asked, address):
        assert fits(pattern, address)


@given(PATTERNS, ADDRESSES)
def test_one_address_is_covered_where_it_fits(pattern: str, address: str) -> None:
    if not is_pattern(address):
        assert covers(pattern, address) == fits(pattern, address)


@pytest.mark.parametrize("text", ["a b", "a:*", "ä", "a" * 201, "a\n", "...:a b"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="grant"):
        checked_pattern(text, "grant")
    assert not is_address(text)
