"""Trace context of requests (W3C Trace Context, level 1): taken over when valid, made when not, and in every log line.

A made trace id is the digest of the request id, so that nothing has to be kept to say it again.
"""

import re
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from hashlib import sha256
from typing import Any, NamedTuple

# Version 00 to fe; of a later version only the beginning is understood (section 3.2.2 and 4.3).
_PARENT = re.compile(rb"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_PARENT = b"0" * 32, b"0" * 16

_current: ContextVar[tuple[str, bytes | None] | None] = ContextVar("tallystick_trace", default=None)


class Trace(NamedTuple):
    """Where a request stands in a trace: hexadecimal ids of the trace and of our part in it, and the caller's flags."""

    trace_id: str
    span_id: str
    flags: str = "00"

    def render(self) -> bytes:
        """The trace as the header ``traceresponse`` (Trace Context, level 2) and ``traceparent`` spell it."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}".encode()


def begin(request_id: str, headers: Mapping[bytes, bytes]) -> bytes | None:
    """Let all that this task does belong to a request; answers its ``traceparent`` as it was given, if it was."""
    given = headers.get(b"traceparent")
    _current.set((request_id, given))
    return given


def trace_of(request_id: str, given: bytes | None) -> Trace:
    """The trace of a request: the given one when it is valid, else one of its own."""
    own = sha256(request_id.encode()).hexdigest()
    match = _PARENT.fullmatch(given) if given else None
    if match is None or match[2] == _NO_TRACE or match[3] == _NO_PARENT:
        return Trace(own[:32], own[32:48])
    if match[1] == b"00" and match[5]:
        return Trace(own[:32], own[32:48])
    # Of the flags only the first is defined: whether the caller samples.
    flags = "01" if int(match[4], 16) & 1 else "00"
    return Trace(match[2].decode(), own[32:48], flags)


def parent() -> str | None:
    """The ``traceparent`` of what is asked of others for the present request; None outside of any."""
    current = _current.get()
    return None if current is None else trace_of(*current).render().decode()


def add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the request and its trace into a line of the log; a processor of structlog."""
    current = _current.get()
    if current is not None:
        event.setdefault("request_id", current[0])
        event["trace_id"] = trace_of(*current).trace_id
    return event
