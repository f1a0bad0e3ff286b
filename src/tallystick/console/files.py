"""Files of payments on their way through pages: looked at first, carried along in the form, then sent."""

import asyncio
import base64
import binascii
from typing import Final

from tallystick.console.earlier import since
from tallystick.console.site import Visit
from tallystick.kernel.problems import Kind, Problem, malformed
from tallystick.payments.api import FileAnswer, ListFiles, SubmitFile

BYTES_MAX: Final = 2 * 1024 * 1024
CARRIED_MAX: Final = 4 * ((BYTES_MAX + 2) // 3)
PATIENCE_S: Final = 1.5
"""So long a page waits for a file to be paid whole; after that it shows how far it is."""
LOOKS_MAX: Final = 20
UNDER_WAY_MAX: Final = 8
"""So many files are paid while pages look on; one more is waited for."""
_LATEST: Final = 20
_under_way: set[asyncio.Task[FileAnswer]] = set()


def carried(content: bytes) -> str:
    """A file as a form carries it: base64 for addresses (RFC 4648, section 5), which no form inflates."""
    return base64.urlsafe_b64encode(content).decode()


def uncarried(visit: Visit) -> bytes:
    """The file that a form carries. Raises Malformed."""
    text = visit.form.text("content", most=CARRIED_MAX)
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise malformed("content", "it came damaged: upload the file again") from None


async def sent(visit: Visit, content: bytes, message_id: str, *, is_again: bool) -> str:
    """Send a file, and answer its id as soon as it is kept; what is not paid by then goes on.

    Raises what the door raises.
    """
    door = visit.site.doors.payments
    message = SubmitFile(content=content, unless_paid_since=None if is_again else since(visit))
    if len(_under_way) >= UNDER_WAY_MAX:
        return (await door.submit_file(caller=visit.caller, message=message)).file_id
    task = asyncio.ensure_future(door.submit_file(caller=visit.caller, message=message))
    _under_way.add(task)
    task.add_done_callback(_ended)
    await asyncio.wait({task}, timeout=PATIENCE_S)
    for _ in range(LOOKS_MAX):
        if task.done():
            break
        found = await _kept(visit, message_id)
        if found:
            return found
        await asyncio.wait({task}, timeout=PATIENCE_S)
    return (await task).file_id


def _ended(task: asyncio.Task[FileAnswer]) -> None:
    _under_way.discard(task)
    # What keeps it from being booked is no secret: its file is kept, and the job goes on with it.
    if not task.cancelled():
        task.exception()


async def _kept(visit: Visit, message_id: str) -> str:
    """The id of the newest file of this message id that is being paid, '' when it is not kept yet or not seen."""
    message = ListFiles(limit=_LATEST)
    try:
        page = await visit.site.doors.payments.files(caller=visit.caller, message=message)
    except Problem as problem:
        if problem.kind not in (Kind.FORBIDDEN, Kind.UNAVAILABLE):
            raise
        return ""
    being_paid = (one for one in page.items if one.payments.accepted)
    return next((one.file_id for one in being_paid if one.message_id == message_id), "")
