"""Proxies of ours in front: whose word about where a request comes from is believed, and whose is not.

A proxy adds the address it was asked from at the right end of ``X-Forwarded-For``; what stands further left anybody
may have written. So the list is read from the right, as long as it names proxies of ours.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

from tallystick.kernel.hosts import is_loopback

HOPS_MAX: Final = 20
_FORWARDED: Final = b"x-forwarded-for"
# What a proxy adds: then it is not whoever stands next to us that asks.
_ADDED: Final = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")

Network = IPv4Network | IPv6Network
Headers = dict[bytes, bytes]


class Proxies:
    """The networks of our proxies. ``written`` are headers that they alone may write, such as one with the country."""

    def __init__(self, networks: Sequence[Network], *, written: Sequence[str] = ()) -> None:
        self._networks = tuple(networks)
        self._written = tuple(name.lower().encode() for name in written if name)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def seen_through(
        self, scope: Mapping[str, Any], headers: Headers
    ) -> tuple[Mapping[str, Any], Headers]:
        """A request as whoever stands behind our proxies sent it; from elsewhere it is taken as it came."""
        client = scope.get("client")
        peer = client[0] if client else ""
        if not self._is_ours(peer):
            if any(name in headers for name in self._written):
                headers = {
                    name: text for name, text in headers.items() if name not in self._written
                }
            return scope, headers
        told = headers.get(_FORWARDED, b"").decode("latin-1").split(",")[-HOPS_MAX:]
        address = peer
        for text in reversed(told):
            hop = text.strip()
            if not _is_address(hop):
                break
            address = hop
            if not self._is_ours(hop):
                break
        port = client[1] if client and address == peer else 0
        return {**scope, "client": (address, port)}, headers

    def _is_ours(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(
            address in network for network in self._networks if network.version == address.version
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_of_this_machine(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request comes from this machine itself: by its address, and through no proxy."""
    client = scope.get("client")
    is_near = client is not None and is_loopback(client[0])
    return is_near and not any(name in headers for name in _ADDED)


def country_of(headers: Mapping[bytes, bytes], name: str) -> str:
    """The country that a proxy of ours wrote into its header, as ISO 3166 writes it; '' when there is none."""
    text = headers.get(name.lower().encode(), b"").decode("latin-1").upper() if name else ""
    return text if _COUNTRY.fullmatch(text) else ""
