"""The servers under measurement: the platform's own, an echo beside it, one by one, and bare ASGI."""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from tallystick.apps.compose import PLANNING, Platform
from tallystick.apps.serve import BACKLOG
from tallystick.identity.service.guarding import AccessGuard
from tallystick.kernel.actions import Action, asks
from tallystick.kernel.callers import Caller
from tallystick.ledger.api import AnyCommand, LedgerBusy, Verdict
from tallystick.ledger.model import acts
from tallystick.ledger.model.outcomes import Outcome
from tallystick.ledger.service import answers
from tallystick.ledger.service.writer import Writer
from tallystick.ledger.store import reading, recording
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.routes import Asked, Route

ONE_BY_ONE_POOL = 16


def platform() -> Any:
    """The platform with two routes more: an echo, and the same act one by one."""
    settings = read_settings()
    whole = Platform(url=settings.database_url, settings=settings)
    database = Database(
        url=settings.database_url,
        role="tallystick_ledger",
        pool_size=ONE_BY_ONE_POOL,
        settings=PLANNING,
    )
    guard = whole.doors_of_identity.guard
    return whole.app(
        extra_routes=(
            _echo(),
            _small_echo(),
            _guarded_echo("decided", guard),
            _guarded_echo("undecided", guard),
            _one_by_one(database),
        ),
        extra_hooks=((database.start,), (database.stop,)),
    )


def unrecorded() -> Any:
    """The platform without the record of the books: no entry is made of what is posted."""
    recording.leaves_of = lambda *_: []
    return platform()


def _echo() -> Route:
    async def echo(asked: Asked) -> Any:
        return asked.body

    return Route(
        method="POST", path="/v1/echo", summary="Echo", handle=echo, body=AnyCommand, answer=AnyCommand
    )  # fmt: skip


class Small(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A small body."""

    text: str


def _small_echo() -> Route:
    async def echo(asked: Asked) -> Any:
        return asked.body

    return Route(
        method="POST", path="/v1/small-echo", summary="Echo a small body", handle=echo, body=Small, answer=Small
    )  # fmt: skip


class _Echo(Protocol):
    """A door to stand behind: what it is told it answers."""

    @asks(Action.LEDGER_ACCOUNT_READ)
    async def echo(self, *, caller: Caller, message: Small) -> Small: ...


class _EchoService:
    async def echo(self, *, caller: Caller, message: Small) -> Small:
        return message


def _guarded_echo(name: str, guard: AccessGuard) -> Route:
    """An echo behind a guarded door; ``undecided`` forgets each time what was decided for whoever asks."""
    door = near(_Echo, _EchoService(), guard=guard)

    async def decided(asked: Asked) -> Any:
        return await door.echo(caller=asked.caller, message=asked.body)

    async def undecided(asked: Asked) -> Any:
        guard.forget(asked.caller.tenant_id, asked.caller.actor)
        return await door.echo(caller=asked.caller, message=asked.body)

    return Route(
        method="POST", path=f"/v1/{name}-echo", summary=f"Echo, {name}", body=Small, answer=Small,
        handle=decided if name == "decided" else undecided,
    )  # fmt: skip


def _one_by_one(database: Database) -> Route:
    """One transfer, one transaction, on a pool of 16 connections; nothing is kept between two requests."""
    keys: dict[int, int] = {}

    async def submit(asked: Asked) -> Any:
        tenant_id, ledger = asked.caller.tenant_id, asked.path["ledger"]
        if tenant_id not in keys:
            async with database.transaction(tenant_id=tenant_id) as connection:
                keys[tenant_id] = await reading.ledger_id(connection, tenant_id, ledger) or 0
        act = acts.read(asked.body, where="items[0]", new_id=str, caller=asked.caller)
        writer = Writer(database=database, key=(tenant_id, keys[tenant_id]), batch_items_max=1)
        (decided,) = await writer.submit([act])
        assert isinstance(decided, Outcome), "wrk never sends an id twice"
        return answers.verdict_of_outcome(decided, ledger=ledger)

    return Route(
        method="POST", path="/v1/ledgers/{ledger}/one-by-one", summary="One by one", handle=submit,
        body=AnyCommand, answer=Verdict, status=201, problems=(LedgerBusy,),
    )  # fmt: skip


def bare() -> Callable[..., Awaitable[None]]:
    """An echo with nothing between the server and it."""
    headers = [(b"content-type", b"application/json")]

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        event = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": event["body"]})

    return echo


def main() -> None:
    """Serve ``bare``, ``platform`` or ``unrecorded`` on a port."""
    name, port = sys.argv[1], int(sys.argv[2])
    os.environ.setdefault("TALLYSTICK_LOG_LEVEL", "warning")
    Server(
        f"tests.bench.server:{name}", address="127.0.0.1", port=port, interface=Interfaces.ASGI, factory=True,
        websockets=False, workers=1, loop=Loops.uvloop, backlog=BACKLOG, log_access=False, log_level=LogLevels.warning,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    main()
