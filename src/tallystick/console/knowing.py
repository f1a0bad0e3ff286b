"""Whoever is signed in, as the frame of every page shows them: their name, their organisation, what they may open."""

import asyncio
from collections.abc import Awaitable, Collection
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from tallystick.console.ground import Doors
from tallystick.identity.api.access import Ask
from tallystick.identity.api.keys import WhoAmI
from tallystick.identity.api.people import ShowMe
from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem
from tallystick.runtime.clock import Clock

KNOWN_MAX: Final = 10_000
LASTS_US: Final = 60_000_000
"""What is known of a session is asked for anew after a minute: a name may have changed, and rights may have."""
BRIEFLY_US: Final = 5_000_000
"""The same where somebody did not answer."""
Answer = TypeVar("Answer")


class Known(NamedTuple):
    """Somebody signed in: as they were proven last, their name and their organisation's, and what is not for them."""

    caller: Caller
    name: str = ""
    organisation: str = ""
    denied: frozenset[Action] = frozenset()


class Knowing:
    """What is known of sessions, at most 10,000 of them and each for a minute. It shows, and lets nobody in."""

    def __init__(self, *, doors: Doors, clock: Clock, actions: Collection[Action]) -> None:
        self._doors, self._clock, self._actions = doors, clock, tuple(actions)
        self._known: dict[bytes, tuple[Known, Instant]] = {}

    def of(self, session: str) -> Known | None:
        """What is known of the session of a token, None when nothing is, or not lately."""
        found = self._known.get(_key(session))
        return found[0] if found and self._clock.now() < found[1] else None

    def forget(self, session: str) -> None:
        """Drop what is known of a session: it has ended."""
        self._known.pop(_key(session), None)

    async def learn(self, session: str, caller: Caller) -> None:
        """Ask who it is that a session was just proven to be. What is not answered is left out."""
        if self.of(session) is not None:
            return
        doors = self._doors
        me, tenant, denied = await asyncio.gather(
            _answered(doors.people.me(caller=caller, message=ShowMe())),
            _answered(doors.identity.who_am_i(caller=caller, message=WhoAmI())),
            asyncio.gather(*(self._is_denied(caller, one) for one in self._actions)),
        )
        known = Known(
            caller=caller,
            name=me.name if me else "",
            organisation=tenant.name if tenant else "",
            denied=frozenset(one for one in denied if one is not None),
        )
        key, lasts = _key(session), LASTS_US if me and tenant else BRIEFLY_US
        self._known.pop(key, None)
        if len(self._known) >= KNOWN_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = (known, self._clock.now() + lasts)

    async def _is_denied(self, caller: Caller, action: Action) -> Action | None:
        """The action, when it is denied whatever else is proven; what is not answered is not denied."""
        ask = Ask(actions=(action,), facts=NO_FACTS)
        made = await _answered(self._doors.access.decide(caller=caller, message=ask))
        return action if made is not None and not made.allowed and not made.missing else None


async def _answered(asked: Awaitable[Answer]) -> Answer | None:
    try:
        return await asked
    except Problem:
        return None


def _key(session: str) -> bytes:
    return sha256(session.encode()).digest()
