"""Stop a run of Terraform in order, whoever wishes it: a signal, or a lease that is lost.

Terraform ends what it has begun and writes its state when it is interrupted once. So the wish is only noted here, and
whoever runs Terraform interrupts it and waits for its end, while the keeper of its state and the lease live on.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """A wish that Terraform ends; the first who asks says why, and it cannot be taken back."""

    def __init__(self) -> None:
        self.why = ""

    def ask(self, why: str) -> None:
        """Wish it. Holds no lock: a signal may come in the midst of anything."""
        self.why = self.why or why


@contextmanager
def stopping_by_signals(stop: Stop, *, say: Callable[[str], None]) -> Iterator[None]:
    """Make SIGINT, SIGTERM and SIGHUP a wish to stop, for the length of a block; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: Any) -> None:
        stop.ask(f"stopped by {signal.Signals(number).name}")
        say(f"{signal.Signals(number).name}: waiting until Terraform has written its state")

    before = {number: signal.signal(number, asked) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
