"""Hosts: which of them nobody else can reach."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell whether an address or name can be reached from this machine alone; a path is a socket of it."""
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
