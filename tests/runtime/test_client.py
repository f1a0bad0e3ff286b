"""The client of the command line: what was typed stays where it belongs in a path."""

import pytest

from tallystick.runtime.client import NothingAnswers, path_of, request


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("wallets", "claire"), "/v1/wallets/claire"),
        (("ledgers", "main", "accounts", "bank:nostro:eur"), "/v1/ledgers/main/accounts/bank:nostro:eur"),
        (("wallets", "../keys?x=1"), "/v1/wallets/..%2Fkeys%3Fx%3D1"),
    ],
)  # fmt: skip
def test_a_path_keeps_each_part_one_segment(parts: tuple[str, ...], path: str):
    assert path_of(*parts) == path


def test_nobody_at_the_address_is_told_apart_from_a_refusal():
    with pytest.raises(NothingAnswers, match=r"127\.0\.0\.1:1"):
        request("GET", "http://127.0.0.1:1/v1/wallets", key="k")
