"""Limits are whole numbers in their order, or absent, or the message is malformed."""

import pytest

from tallystick.kernel.limits import Limits, limits_of
from tallystick.kernel.money import AMOUNT_MAX
from tallystick.kernel.problems import Malformed


def test_limits_are_read_as_numbers_and_an_absent_one_is_none():
    assert limits_of(None, None) == Limits(None, None)
    assert limits_of("-5", 0) == Limits(-5, 0)
    assert limits_of(-AMOUNT_MAX, str(AMOUNT_MAX)) == Limits(-AMOUNT_MAX, AMOUNT_MAX)
    assert limits_of(7, 7) == Limits(7, 7)


@pytest.mark.parametrize(
    ("least", "most", "field"),
    [
        (1, 0, "min_available"),
        ("1.5", None, "min_available"),
        (None, "", "max_available"),
        (None, AMOUNT_MAX + 1, "max_available"),
        (str(-AMOUNT_MAX - 1), None, "min_available"),
    ],
)
def test_what_is_no_limit_is_malformed_and_named(least: int, most: int, field: str):
    with pytest.raises(Malformed) as refused:
        limits_of(least, most)
    assert list(refused.value.fields) == [field]
