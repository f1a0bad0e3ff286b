"""What everybody may see: liveness, readiness, the OpenAPI document and the pages to read it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from tallystick.kernel.problems import Problem
from tallystick.runtime.draining import Draining
from tallystick.runtime.openapi import openapi_document
from tallystick.runtime.reading_page import PAGE_POLICY, problems_page, reference_page
from tallystick.runtime.refusals import PROBLEMS_PATH, NotReady
from tallystick.runtime.routes import Asked, Reply, Route

Check = Callable[[], Awaitable[None]]

READY_WAIT_S = 2
HEALTH_PATHS = ("/healthz", "/readyz")
# Anybody may ask, so the answer is remembered for a second: the database hears one question of them.
READY_KEPT_NS = 1_000_000_000
HTML = "text/html; charset=utf-8"
REFERENCE_PATH = "/docs"

_log: Any = structlog.get_logger("tallystick.edge")


class Health(msgspec.Struct, frozen=True):
    """How the process is: ``ok`` when it lives, ``ready`` when it can serve."""

    status: str


def public_routes(
    *,
    routes: list[Route],
    title: str,
    version: str,
    ready: Check | None,
    draining: Draining | None = None,
    problems: tuple[type[Problem], ...],
    glossary: Mapping[str, str],
) -> list[Route]:
    """Make the routes that need no key."""
    health = _health_routes(ready, draining)
    document = openapi_document(
        routes=[*filter(_is_documented, routes), *health],
        title=title,
        version=version,
        problems=problems,
        glossary=glossary,
    )
    json_body = msgspec.json.encode(document)
    page = {"content-security-policy": PAGE_POLICY}
    return [
        *health,
        *(() if any(route.path == "/" for route in routes) else (_root(),)),
        _fixed("/openapi.json", "The OpenAPI 3.1 document", json_body, "application/json"),
        _fixed(
            REFERENCE_PATH, "The document as a page", reference_page(document).encode(), HTML, page
        ),
        _fixed(
            PROBLEMS_PATH,
            "Every problem, on one page",
            problems_page(document).encode(),
            HTML,
            page,
        ),
    ]


def _health_routes(ready: Check | None, draining: Draining | None) -> list[Route]:
    async def live(asked: Asked) -> Health:
        return Health("ok")

    readiness = _Readiness(ready, draining)
    return [
        Route(method="GET", path=HEALTH_PATHS[0], summary="Tell that the process lives", handle=live,
              answer=Health, public=True),
        Route(method="GET", path=HEALTH_PATHS[1], summary="Tell whether the process can serve",
              handle=readiness.handle, answer=Health, problems=(NotReady,), public=True),
    ]  # fmt: skip


class _Readiness:
    def __init__(self, check: Check | None, draining: Draining | None) -> None:
        self._check, self._draining = check, draining
        self._lock = asyncio.Lock()
        self._asked_at = time.monotonic_ns() - READY_KEPT_NS - 1
        self._is_ready = False

    async def handle(self, asked: Asked) -> Health:
        if self._draining is not None and self._draining.is_on:
            raise NotReady("This process is about to stop: ask another.")
        async with self._lock:
            if time.monotonic_ns() - self._asked_at > READY_KEPT_NS:
                self._is_ready = await self._ask()
                self._asked_at = time.monotonic_ns()
        if not self._is_ready:
            raise NotReady("What this process stands on does not answer.")
        return Health("ready")

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(READY_WAIT_S):
                if self._check is not None:
                    await self._check()
            return True
        except Exception as error:
            _log.warning("not_ready", because=repr(error)[:500])
            return False


def _is_documented(route: Route) -> bool:
    return route.prove is None and route.pages is None


def _root() -> Route:
    """Send whoever opens the address in a browser to the page."""
    page = Reply(value=b"", media=HTML, status=307, headers={"location": REFERENCE_PATH})

    async def redirect(asked: Asked) -> Reply:
        return page

    return Route(
        method="GET",
        path="/",
        summary="Go to the page of the API",
        handle=redirect,
        answer=bytes,
        answer_media=HTML,
        public=True,
    )


def _fixed(
    path: str, summary: str, body: bytes, media: str, headers: Mapping[str, str] | None = None
) -> Route:
    reply = Reply(value=body, media=media, headers=headers)

    async def answer(asked: Asked) -> Reply:
        return reply

    return Route(
        method="GET",
        path=path,
        summary=summary,
        handle=answer,
        answer=bytes,
        answer_media=media,
        public=True,
    )
