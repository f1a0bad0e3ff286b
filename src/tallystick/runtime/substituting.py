"""Substitution: one implementation of a door stands before others, and sends each tenant's calls to who serves it."""

import asyncio
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
import structlog

from tallystick.kernel.actions import NO_FACTS, actions_of, telling_of
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import ASKED
from tallystick.kernel.instants import SECOND, Instant, render
from tallystick.kernel.problems import Kind, Malformed, Problem
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.kernel.tags import Tag, tags_of
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.record import UNDECIDED, Pen
from tallystick.runtime.shadowing import COPY_S, DIFFERENCES_MAX, Difference, Watch
from tallystick.runtime.unlike import outcome_of, unlike

Door = TypeVar("Door")

KEPT: Final[Instant] = 5 * SECOND
"""So long what another process switched may not be known here."""
KEPT_MAX: Final = 10_000
# What only reads, by the last word of its action.
_READS: Final = frozenset({"read", "export", "verify"})
_NOT_READY: Final = (
    "The implementation that serves this tenant is not ready here; repeat the same request."
)

_LOST: Final = "The implementation that serves this tenant gave no answer that counts; repeat the same request."
_FIELDS_MAX: Final = 20
_WORDS_MAX: Final = 1_000

_log: Any = structlog.get_logger("tallystick.substituting")
_encode = msgspec.json.Encoder().encode


class Mode(StrEnum):
    """How a substitute stands to a tenant: not at all, copied some of what reads, or serving it."""

    DEFAULT = "default"
    SHADOW = "shadow"
    LIVE = "live"


class Standing(NamedTuple):
    """How a tenant is served in one context; ``number`` counts the switches, ``share`` is in per cent of what reads."""

    mode: Mode
    name: str
    version: str
    share: int
    number: int


class Ready(NamedTuple):
    """A substitute that may be asked: its version, and its door."""

    version: str
    door: Any


class Ground(NamedTuple):
    """What a substitute in this process is built on.

    ``doors`` are those its context asks, by context, where it is known by its context's name; ``ours`` is the
    implementation it stands in for, without its guard.
    """

    doors: Mapping[str, Any]
    ours: Any
    clock: Clock
    mint: Mint


class Pool(Protocol):
    """The substitutes of this process."""

    def ready(self, context: str, name: str) -> Ready | None:
        """A substitute that kept its contract here, None for one that did not, or did not yet."""
        ...


Ask = Callable[[int], Awaitable[Mapping[str, Standing]]]
"""Asks how a tenant is served, by context; a context that is not named is served as by default."""


class Table:
    """Who serves which tenant, as it was known at most five seconds ago."""

    def __init__(self, ask: Ask, *, clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._known: dict[int, tuple[Instant, Mapping[str, Standing]]] = {}
        self._asking: dict[int, asyncio.Task[Mapping[str, Standing]]] = {}

    def known(self, tenant_id: int) -> Mapping[str, Standing] | None:
        """How a tenant is served, when that was asked lately; else None."""
        found = self._known.get(tenant_id)
        # A clock that was set back must not prolong anything.
        if found is not None and 0 <= self._clock.now() - found[0] < KEPT:
            return found[1]
        return None

    async def of(self, tenant_id: int) -> Mapping[str, Standing]:
        """How a tenant is served. Raises what asking raises: who serves it is never guessed."""
        found = self.known(tenant_id)
        if found is not None:
            return found
        # Asked once for all who wait for it, and not given up with the first of them.
        asking = self._asking.get(tenant_id)
        if asking is None:
            asking = asyncio.get_running_loop().create_task(self._learn(tenant_id))
            self._asking[tenant_id] = asking
        return await asyncio.shield(asking)

    async def _learn(self, tenant_id: int) -> Mapping[str, Standing]:
        at, task = self._clock.now(), asyncio.current_task()
        try:
            asked = await self._ask(tenant_id)
            # What was switched here meanwhile is newer than the answer.
            if self._asking.get(tenant_id) is task:
                self._known.pop(tenant_id, None)
                if len(self._known) >= KEPT_MAX:
                    del self._known[next(iter(self._known))]
                self._known[tenant_id] = (at, asked)
            return asked
        finally:
            if self._asking.get(tenant_id) is task:
                del self._asking[tenant_id]

    def forget(self, tenant_id: int) -> None:
        """Drop what is known of a tenant: it was switched here."""
        self._known.pop(tenant_id, None)
        self._asking.pop(tenant_id, None)


def substituted(
    door: type[Door],
    default: Door,
    *,
    table: Table,
    pool: Pool,
    pen: Pen,
    watch: Watch,
    also: Collection[type[Problem]] = (),
) -> Door:
    """A door that sends each tenant's calls to who serves it: ``default``, unless ``table`` names another.

    What a substitute is asked, does and refuses is written into the record with ``pen``, as what it is and by whom. It
    stands behind the guard, and refuses as the context's api says, or with ``also``. Raises TemporarilyUnavailable for
    a tenant whose substitute is not ready here.
    """
    context = door.__module__.split(".")[1]
    codes = codes_of(door, also)
    switch = _Switch(context, table=table, pool=pool, pen=pen, watch=watch, codes=codes)
    gate: Any = type(f"Substituted{door.__name__}", (), {})()
    for name, method in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            setattr(gate, name, switch.stand(method, getattr(default, name)))
    return gate


class _Switch:
    def __init__(
        self,
        context: str,
        *,
        table: Table,
        pool: Pool,
        pen: Pen,
        watch: Watch,
        codes: Mapping[str, type[Problem]],
    ) -> None:
        self._context, self._table, self._pool = context, table, pool
        self._pen, self._watch, self._codes = pen, watch, codes

    def stand(
        self, method: Callable[..., Any], target: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """A method of the door, as it is asked here."""
        reads = is_reading(method)

        async def choose(caller: Caller, message: Any) -> Any:
            standing = (await self._table.of(caller.tenant_id)).get(self._context)
            if standing is not None and standing.mode is Mode.LIVE:
                return await self._serve(method, standing, caller, message)
            if standing is None or standing.mode is Mode.DEFAULT or not reads:
                return await target(caller=caller, message=message)
            return await self._shadow(method, standing, target, caller, message)

        # No coroutine of its own for whom nothing was switched: this stands in the path of every request.
        @functools.wraps(method)
        def pass_on(*, caller: Caller, message: Any) -> Awaitable[Any]:
            known = self._table.known(caller.tenant_id)
            if known is not None and self._context not in known:
                return target(caller=caller, message=message)
            return choose(caller, message)

        return pass_on

    async def _serve(
        self, method: Callable[..., Any], standing: Standing, caller: Caller, message: Any
    ) -> Any:
        ready = self._pool.ready(self._context, standing.name)
        if ready is None or ready.version != standing.version:
            _log.warning(
                "substitute_not_ready",
                context=self._context,
                substitute=standing.name,
                version=standing.version,
                here=ready and ready.version,
            )
            raise TemporarilyUnavailable(_NOT_READY)
        tags, about = tags_of(method), self._about(method, standing, message)
        is_asked = bool(tags) and not is_reading(method)
        if is_asked:
            # It may be done there and the answer lost, with this process even: that it was asked is on record first.
            await self._pen.note(caller=caller, tag=tags[0], outcome=ASKED, **about)
        try:
            answer = await getattr(ready.door, method.__name__)(caller=caller, message=message)
        except Problem as problem:
            refusal = self._refusal(problem, standing)
            # Of a call that was lost nobody knows what became.
            is_known = refusal.kind is not Kind.UNAVAILABLE
            if tags and is_known and (is_asked or refusal.kind not in UNDECIDED):
                await self._pen.note(caller=caller, tag=tags[0], outcome=refusal.code, **about)
            refusal.noted_by = self._context
            raise refusal from None
        if tags:
            await self._note(tags[0], about, caller, answer)
        return answer

    def _refusal(self, problem: Problem, standing: Standing) -> Problem:
        """A refusal of theirs in our words: of a code that the door declares, and without headers of theirs."""
        kind = self._codes.get(problem.code)
        if kind is None:
            if problem.code != TemporarilyUnavailable.code:
                _log.warning(
                    "code_not_declared",
                    context=self._context,
                    substitute=standing.name,
                    version=standing.version,
                    code=outcome_of(problem),
                )
            return TemporarilyUnavailable(_LOST)
        fields = list(problem.fields.items())[:_FIELDS_MAX]
        return kind(
            str(problem.detail)[:_WORDS_MAX],
            {str(name)[:_WORDS_MAX]: str(text)[:_WORDS_MAX] for name, text in fields},
        )

    def _about(
        self, method: Callable[..., Any], standing: Standing, message: Any
    ) -> dict[str, Any]:
        """What the entries of a call say: by whom it is served, and a digest of the question."""
        telling = telling_of(method)
        facts = telling(message) if telling else NO_FACTS
        return {
            "on": self._context,
            "content": {"substitute": standing.name, "version": standing.version},
            "texts": {"asked": _digest(message), "on": facts.on},
        }

    async def _note(self, tag: Tag, about: dict[str, Any], caller: Caller, answer: Any) -> None:
        """Write down what a substitute did, before it is answered, with a digest of the answer."""
        content, texts = dict(about["content"]), {**about["texts"], "answered": _digest(answer)}
        if getattr(answer, "replayed", False):
            content = {"replayed": True, **content}
        await self._pen.note(caller=caller, tag=tag, on=about["on"], content=content, texts=texts)

    async def _shadow(
        self,
        method: Callable[..., Any],
        standing: Standing,
        target: Callable[..., Awaitable[Any]],
        caller: Caller,
        message: Any,
    ) -> Any:
        """Answer with ours; a share of the calls is then also sent to the substitute, and the answers compared."""
        key = (caller.tenant_id, self._context, standing.number)
        ready = self._pool.ready(self._context, standing.name)
        if not self._watch.is_due(key, standing.share):
            return await target(caller=caller, message=message)
        if ready is None or ready.version != standing.version:
            self._watch.seen(key).lost += 1
            return await target(caller=caller, message=message)
        call = getattr(ready.door, method.__name__)
        refusal: Problem | None = None
        answer: Any = None
        try:
            answer = await target(caller=caller, message=message)
        except Problem as problem:
            refusal = problem
        ours = answer if refusal is None else refusal
        self._watch.send(
            key,
            functools.partial(self._compare, key, method.__name__, call, (caller, message), ours),
        )
        if refusal is not None:
            raise refusal
        return answer

    async def _compare(
        self,
        key: tuple[int, str, int],
        name: str,
        call: Callable[..., Awaitable[Any]],
        asked: tuple[Caller, Any],
        ours: Any,
    ) -> None:
        caller, message = asked
        try:
            async with asyncio.timeout(COPY_S):
                theirs: Any = await call(caller=caller, message=message)
        except TemporarilyUnavailable:
            self._watch.seen(key).lost += 1
            return
        except Problem as problem:
            theirs = problem
        except Exception as error:
            # Whatever somebody else's implementation raises; nobody waits for it.
            _log.warning("copy_failed", door=f"{self._context}.{name}", error=repr(error)[:500])
            self._watch.seen(key).lost += 1
            return
        seen = self._watch.seen(key)
        seen.compared += 1
        fields = unlike(ours, theirs)
        if fields is None:
            return
        seen.different += 1
        if len(seen.differences) < DIFFERENCES_MAX:
            seen.differences.append(
                Difference(
                    at=render(self._watch.clock.now()),
                    method=name,
                    request=caller.request,
                    ours=outcome_of(ours),
                    theirs=outcome_of(theirs),
                    fields=fields,
                )
            )


def codes_of(door: type, also: Collection[type[Problem]]) -> Mapping[str, type[Problem]]:
    """The refusals that a door declares, by code: those of its context's api, a malformed request, and ``also``."""
    api = sys.modules[".".join(door.__module__.split(".")[:3])]
    own = (one for one in vars(api).values() if isinstance(one, type) and issubclass(one, Problem))
    return {one.code: one for one in (*own, Malformed, *also) if "code" in vars(one)}


def is_reading(method: Callable[..., Any]) -> bool:
    """Whether a method of a door only reads, by its actions; one without any is not known to."""
    actions = actions_of(method)
    return bool(actions) and all(one.rpartition(".")[2] in _READS for one in actions)


def _digest(value: Any) -> str:
    return sha256(_encode(value)).hexdigest()
