"""What another implementation says of itself: ``GET /doors/<context>/about``, open to whoever reaches it."""

import asyncio
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from tallystick.kernel.refusals import PathNotFound, TemporarilyUnavailable
from tallystick.runtime.far.wire import MEDIA
from tallystick.runtime.routes import Asked, Reply, Route
from tallystick.runtime.tls import client_context, is_loopback

PATH: Final = "/doors/{context}/about"
ABOUT_S: Final = 5
BYTES_MAX: Final = 4_096
VERSION: Final = re.compile(r"[A-Z](\.[0-9A-Za-z+-]{1,20}){1,4}")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The context that is implemented, what the implementation is called, and its version, such as ``B.1.0.0``."""

    context: str
    name: str
    version: str


def about_route(contexts: Collection[str], *, name: str, version: str) -> Route:
    """The route by which this process says what its contexts are, to anybody who reaches it."""

    async def tell(asked: Asked) -> Reply:
        context = asked.path["context"]
        if context not in contexts:
            raise PathNotFound("There is no such door in this process.")
        told = About(context=context, name=name, version=version)
        return Reply(value=msgspec.json.encode(told), media=MEDIA)

    return Route(
        method="GET",
        path=PATH,
        summary="Say which implementation of a context this is",
        handle=tell,
        prove=lambda shown: None,
        problems=(PathNotFound,),
    )


async def about(url: str, *, context: str) -> About:
    """Ask an implementation what it is. Raises TemporarilyUnavailable when nothing answers in five seconds.

    Raises ValueError for an address elsewhere without TLS, and for an answer that is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise ValueError(f"{url} is reached over https, or http on this machine")
    try:
        async with (
            asyncio.timeout(ABOUT_S),
            httpx.AsyncClient(verify=client_context(), trust_env=False) as client,
            client.stream("GET", url.rstrip("/") + PATH.format(context=context)) as answer,
        ):
            content = b""
            async for part in answer.aiter_raw():
                content += part
                if len(content) > BYTES_MAX:
                    break
            status = answer.status_code
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        raise TemporarilyUnavailable(f"nothing answers at {url} ({error!r})") from None
    try:
        found = msgspec.json.decode(content, type=About)
    except msgspec.DecodeError as error:
        raise ValueError(f"{url} does not say what it is: {status}, {error}") from None
    if status != 200 or found.context != context or not VERSION.fullmatch(found.version):
        raise ValueError(
            f"{url} says it is {found.context} {found.version}, not {context} and a version such as B.1.0.0"
        )
    return found
