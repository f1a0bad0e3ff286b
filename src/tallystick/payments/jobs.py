"""What happens without being asked: files that a crash left between two arrows are finished."""

from tallystick.kernel.callers import Caller
from tallystick.payments.service import PaymentService
from tallystick.runtime.jobs import finish_each

# A file that is being booked moves on every few hundred milliseconds; taking one too early would only be wasted work.
WAITING_S = 10
FILES_AT_ONCE_MAX = 100


async def finish_unfinished(
    service: PaymentService, *, most: int = FILES_AT_ONCE_MAX, waiting_s: int = WAITING_S
) -> int:
    """Finish at most ``most`` files that have not moved on for ``waiting_s``; answers how many payments were decided.

    A file that cannot be finished now is logged and taken up again after as long a time; it holds up no other.
    """

    async def finish(caller: Caller, file_id: str) -> int:
        return await service.finish(caller=caller, file_id=file_id)

    waiting = await service.unfinished(waiting_s=waiting_s, most=most)
    return await finish_each(waiting, finish, kind="payment file")
