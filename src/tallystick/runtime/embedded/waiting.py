"""How long each thing may take, and waiting for it."""

import time
from collections.abc import Callable

READY_WAIT_S = 30.0
INITIALISE_WAIT_S = 120.0
FAST_STOP_WAIT_S = 20.0
# After SIGQUIT the postmaster gives its children 5 s before it kills them; we take twice that.
IMMEDIATE_STOP_WAIT_S = 10.0
FAMILY_WAIT_S = 5.0
# Longer than the slowest start (initialise, then ready), so that a waiter does not give up early.
LOCK_WAIT_S = INITIALISE_WAIT_S + READY_WAIT_S + 10.0
POLL_S = 0.02


def eventually(condition: Callable[[], bool], *, timeout_s: float) -> bool:
    """Wait for the condition, at most `timeout_s`, and say whether it came."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
