"""How far an address range reaches: what is written in many ways and means the whole internet."""

import ipaddress
from typing import Any, Final

# Shorter public ranges are the internet in pieces: two halves are as open as the whole.
_SHORTEST: Final = {4: 8, 6: 16}
_LOCAL: Final = tuple(ipaddress.IPv6Network(each) for each in ("fc00::/7", "fe80::/10"))


def is_everywhere(value: Any) -> bool:
    """Say whether a range in CIDR's form is the internet or a great part of it; other texts are none."""
    try:
        network = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return False
    if isinstance(network, ipaddress.IPv6Network) and any(map(network.subnet_of, _LOCAL)):
        return False
    return network.prefixlen < _SHORTEST[network.version]
