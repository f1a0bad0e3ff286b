"""Whose word about where a request comes from is believed."""

from ipaddress import ip_network

import pytest

from tallystick.runtime.proxies import HOPS_MAX, Proxies

OURS = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")], written=("CF-IPCountry",))


def seen(peer: str, forwarded: str | None = None, proxies: Proxies = OURS) -> str:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    scope, _ = proxies.seen_through({"client": (peer, 1), "path": "/"}, headers)
    return scope["client"][0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        # Who is no proxy of ours may write what it likes.
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        # What stands left of the first stranger a stranger wrote.
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_list_is_read_from_the_right_as_long_as_it_names_proxies_of_ours(
    peer: str, forwarded: str | None, address: str
) -> None:
    assert seen(peer, forwarded) == address


def test_a_list_without_end_is_read_to_a_bound() -> None:
    hops = ", ".join(["198.51.100.7", *["10.0.0.2"] * HOPS_MAX])
    assert seen("10.0.0.1", hops) == "10.0.0.2"


def test_a_header_that_only_they_write_is_dropped_from_others() -> None:
    headers = {b"cf-ipcountry": b"FR", b"accept": b"*/*"}
    _, kept = OURS.seen_through({"client": ("192.0.2.1", 1)}, headers)
    assert kept == {b"accept": b"*/*"}
    _, kept = OURS.seen_through({"client": ("10.0.0.1", 1)}, headers)
    assert kept == headers
