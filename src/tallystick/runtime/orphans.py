"""Ending with whoever started us, however that ended: Linux sends a signal, where another system does nothing."""

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_prctl = getattr(ctypes.CDLL(None), "prctl", None) if sys.platform == "linux" else None


def end_with(parent: int, with_signal: signal.Signals) -> None:
    """Have this process sent a signal when its parent dies, at once if it is dead already.

    The parent is the thread that forked, so that has to be one that lives as long as its process.
    """
    if _prctl is None:
        return
    _prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def end_worker_with_its_master() -> None:
    """Stop this serving process in order when the one that started it is gone: nobody else would stop it."""
    master = multiprocessing.parent_process()
    if master is not None and master.pid is not None:
        end_with(master.pid, signal.SIGTERM)
