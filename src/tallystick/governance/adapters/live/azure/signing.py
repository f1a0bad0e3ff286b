"""Sign a request to a storage account with its key.

Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
"""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qsl

import httpx

_SIGNED: Final = (
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
)


def shared_key(request: httpx.Request, *, account: str, key: str) -> str:
    """Give the `Authorization` of a request that bears `x-ms-date` and `x-ms-version`; `key` is base64."""
    digest = hmac.new(base64.b64decode(key), _said(request, account).encode(), hashlib.sha256)
    return f"SharedKey {account}:{base64.b64encode(digest.digest()).decode()}"


def _said(request: httpx.Request, account: str) -> str:
    standard = [request.headers.get(name, "") for name in _SIGNED]
    # An empty body's length is left out: since version 2015-02-21.
    standard[2] = "" if standard[2] == "0" else standard[2]
    own = sorted(
        (name.lower(), " ".join(value.split()))
        for name, value in request.headers.items()
        if name.lower().startswith("x-ms-")
    )
    headers = [f"{name}:{value}" for name, value in own]
    return "\n".join([request.method, *standard, *headers, _resource(request.url, account)])


def _resource(url: httpx.URL, account: str) -> str:
    asked: dict[str, list[str]] = {}
    for name, value in parse_qsl(url.query.decode(), keep_blank_values=True):
        asked.setdefault(name.lower(), []).append(value)
    lines = [f"{name}:{','.join(sorted(values))}" for name, values in sorted(asked.items())]
    return "\n".join([f"/{account}{url.raw_path.decode().split('?')[0]}", *lines])
