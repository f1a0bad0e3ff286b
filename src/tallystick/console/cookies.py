"""Cookies: what a browser keeps for us, and how it is told to keep it (RFC 6265bis)."""

from collections.abc import Mapping
from typing import Final

COOKIES_MAX: Final = 50
SESSION: Final = "tallystick"
DEVICE: Final = "tallystick-device"
FLOW: Final = "tallystick-flow"
TENANT: Final = "tallystick-tenant"
ZONE: Final = "tallystick-zone"
"""The reader's time zone: the only one that a script of ours writes."""
DEVICE_LASTS_S: Final = 365 * 86_400
"""How long a device is known, and the organisation that signed in on it, in seconds."""


class Cookies:
    """Names and attributes of cookies. ``is_tls`` binds them to TLS and this host alone, by the prefix ``__Host-``."""

    def __init__(self, *, is_tls: bool) -> None:
        self._prefix, self._secure = ("__Host-", "; Secure") if is_tls else ("", "")

    def name(self, name: str) -> str:
        """How a cookie of ours is called in the header."""
        return f"{self._prefix}{name}"

    def given(self, headers: Mapping[bytes, bytes], name: str) -> str:
        """What a browser sends of a cookie of ours, '' when there is none."""
        return read(headers).get(self.name(name), "")

    def kept(self, name: str, value: str, *, lasts_s: int | None = None) -> str:
        """The ``Set-Cookie`` that has a browser keep a value, and no script read it.

        Another site can make a browser send it with a link that is followed, and with nothing else. It ends with the
        browser unless ``lasts_s`` says when.
        """
        age = "" if lasts_s is None else f"; Max-Age={lasts_s}"
        return f"{self.name(name)}={value}; Path=/{age}; HttpOnly; SameSite=Lax{self._secure}"

    def forgotten(self, name: str) -> str:
        """The ``Set-Cookie`` that has a browser forget a value."""
        return self.kept(name, "", lasts_s=0)


def read(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """The cookies of a request by name, at most 50; of two with one name, none: somebody else set one of them."""
    text = headers.get(b"cookie", b"").decode("latin-1")
    pairs = [part.strip().partition("=") for part in text.split(";")[:COOKIES_MAX]]
    names = [name for name, _, _ in pairs]
    return {name: value for name, sep, value in pairs if sep and names.count(name) == 1}
