"""Where a client connects to, and whom it trusts: TLS 1.3, or this machine alone."""

import ssl
from pathlib import Path
from typing import Any

import httpx

from tallystick.kernel.hosts import is_loopback

CONNECT_MS = 5_000
CONNECTIONS_MAX = 64
# Shorter than any server keeps an idle connection, so that none is taken just as it is closed.
KEPT_OPEN_MS = 4_000
ANSWER_BYTES_MAX = 64 * 1024 * 1024


class AddressNotAccepted(ValueError):
    """The address is not that of a server that a credential may be shown to."""


def trust(
    authority: str | Path | None = None,
    *,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
) -> ssl.SSLContext:
    """Whom to trust, and what to show: TLS 1.3, the authorities of a PEM file, or those of the system.

    ``certificate`` and ``key`` are files in PEM, shown to a server that asks. Raises OSError, ssl.SSLError.
    """
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def origin_of(url: str) -> str:
    """The address of a server without its path. Raises AddressNotAccepted."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise AddressNotAccepted(f"{url[:200]!r} is not the URL of a server") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise AddressNotAccepted(f"{url[:200]!r} is not the URL of a server")
    if address.scheme == "http" and not is_loopback(address.host):
        raise AddressNotAccepted(f"nothing is sent to {url[:200]} in the clear; use https")
    if address.path not in ("", "/") or address.query or address.fragment or address.userinfo:
        raise AddressNotAccepted("the address of a server is its scheme, host and port")
    return f"{address.scheme}://{address.netloc.decode()}"


def connections(tls: ssl.SSLContext | None) -> dict[str, Any]:
    """How connections are made and kept. Raises ValueError for a context that would take less than TLS 1.3."""
    context = tls or trust()
    if context.minimum_version < ssl.TLSVersion.TLSv1_3:
        raise ValueError("the context takes versions before TLS 1.3; set its minimum_version")
    keep_s = KEPT_OPEN_MS / 1_000
    return {
        "verify": context,
        "trust_env": False,
        "follow_redirects": False,
        "headers": {"user-agent": "tallystick-client", "accept-encoding": "identity"},
        "limits": httpx.Limits(
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=keep_s,
        ),
    }


def time_limit(attempt_ms: int) -> httpx.Timeout:
    """How long one attempt may wait: for a connection, and for what comes over it."""
    whole_s = attempt_ms / 1_000
    connect_s = min(attempt_ms, CONNECT_MS) / 1_000
    return httpx.Timeout(whole_s, connect=connect_s)
