"""What a caller did lately: found by its name in the trees, and told from the entries themselves."""

from tallystick.audit.api import Act, ActPage, ListActs
from tallystick.audit.model.acts import repeating, title_of
from tallystick.audit.store import reading
from tallystick.kernel import entries as written
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import render
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection

_BEYOND = 2**62


async def acts_of(connection: Connection, *, caller: Caller, message: ListActs) -> ActPage:
    """List what the caller did, newest first. Raises Malformed.

    Every placed entry counts, published or not: whoever waits for an answer need not wait for witnesses.
    """
    if not 1 <= message.limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    if message.after is not None and not 0 <= message.after < _BEYOND:
        raise malformed("after", "a cursor is taken from the page before as it is")
    # Read first: what is placed meanwhile is in the list too, and no later time is promised.
    state = await reading.state(connection)
    until = min(state.now, state.renewed_at) - state.lag_us
    before = _BEYOND if message.after is None else message.after
    segments = await reading.segments_of_actor(
        connection,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        before=before,
        # In each of them is at least one act, so these are enough to fill a page.
        most=message.limit + 1,
    )
    found: list[Act] = []
    for first, entries in segments:
        for offset in range(len(entries) - 1, -1, -1):
            index = first + offset
            if index < before and (act := _act(index, entries[offset], caller.actor)) is not None:
                if len(found) == message.limit:
                    return _page(found, until, after=found[-1].index)
                found.append(act)
    is_all = len(segments) <= message.limit
    return _page(found, until, after=None if is_all else segments[-1][0])


def _page(found: list[Act], until: int, *, after: int | None) -> ActPage:
    return ActPage(
        items=tuple(found),
        complete_until=render(until),
        after=None if after is None else str(after),
    )


def _act(index: int, entry: bytes, actor: str) -> Act | None:
    # Most entries of a segment may be of others, and are not worth reading.
    if actor.encode() not in entry:
        return None
    try:
        told = written.read(entry)
    except ValueError:
        return None
    # That something was decided is told by what was done, or not done, upon it.
    if told.by != actor or told.tag == Tag.IDENTITY_DECISION_MAKE:
        return None
    may_repeat, how = repeating(told.tag, told.outcome)
    return Act(
        index=index,
        at=told.at,
        tag=told.tag,
        title=title_of(told.tag, told.outcome),
        on=told.on,
        outcome=told.outcome,
        request=told.from_,
        decision=told.decision,
        may_repeat=may_repeat,
        repeating=how,
    )
