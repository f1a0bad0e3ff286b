"""A process asks itself whether it lives or can serve: ``python -m tallystick.runtime.probing /readyz``.

For where nobody else can ask: a server that wants a certificate of whoever connects refuses the probes of Kubernetes,
and a sequencer has no port: ``turns`` asks whether it takes turns, ``record`` whether the record is kept as well.
Little is imported, since it is run every few seconds. Exit code 0 says yes.
"""

import os
import ssl
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from tallystick.runtime import pulse

WAIT_S: Final = 4
_PORT: Final = "8480"
_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104


def probe(path: str, *, given: Mapping[str, str]) -> int:
    """Ask this machine for a path; answers the status, or 0 where nobody answers in time."""
    connection = _connection(given)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _connection(given: Mapping[str, str]) -> HTTPConnection:
    host = given.get("TALLYSTICK_HOST") or _LOOPBACK
    host = _LOOPBACK if host in _EVERYWHERE else host
    port = int(given.get("TALLYSTICK_PORT") or _PORT)
    certificate, key = given.get("TALLYSTICK_TLS_CERTIFICATE"), given.get("TALLYSTICK_TLS_KEY")
    if not certificate:
        return HTTPConnection(host, port, timeout=WAIT_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The process is asked at its own address, which no certificate names; that it is ours, its authority says.
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority = given.get("TALLYSTICK_TLS_CLIENT_CA") or given.get("TALLYSTICK_CA")
    context.load_verify_locations(cafile=authority or certificate)
    context.load_cert_chain(certificate, key)
    return HTTPSConnection(host, port, timeout=WAIT_S, context=context)


def why_not(asked: str, *, given: Mapping[str, str]) -> str:
    """Say why the answer is no; empty where it is yes. ``asked`` is a path of HTTP, ``turns`` or ``record``."""
    if asked in ("turns", "record"):
        path = given.get("TALLYSTICK_RECORD_PULSE")
        if not path:
            return "TALLYSTICK_RECORD_PULSE is not set: name the file that `tallystick sequence` writes"
        return pulse.failing(Path(path), is_good_asked=asked == "record", now=time.monotonic_ns())
    answered = probe(asked, given=given)
    return "" if answered == 200 else f"answered {answered}" if answered else "nobody answers"


if __name__ == "__main__":
    sys.exit(why_not(sys.argv[1] if len(sys.argv) > 1 else "/readyz", given=os.environ) or 0)
