"""End one run of Terraform: when it was asked for, at its bound, and in any case before we go on."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final

from tallystick.governance.adapters.terraform.stopping import Stop

LOOK_S: Final = 0.1  # between two looks at whether somebody asked


class Ending:
    """Watches over a run that was started; `why` is why it was interrupted, empty when it ended by itself.

    It is interrupted once, so that it ends what it does and writes its state, which takes as long as the cloud takes.
    Only when `grace` seconds were not enough is it killed.
    """

    def __init__(self, started: "subprocess.Popen[bytes]", *, stop: Stop, bound: int, grace: int):
        """Watch from when it is entered."""
        self._started, self._stop, self._bound, self._grace = started, stop, bound, grace
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.why = ""
        self.is_killed = False

    def __enter__(self) -> "Ending":
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        """Leave nothing running: what went wrong here is no reason for Terraform to lose its state."""
        if kind is not None:
            self._end(f"{kind.__name__}: {error}")
        self._over.set()
        self._thread.join()

    def said(self, command: str, output: str) -> str:
        """Say what happened to a command that was interrupted."""
        if self.is_killed:
            ended = f"did not end within {self._grace} seconds and was killed, so its last state may be lost"
        else:
            ended = "was interrupted and has ended in order"
        return (
            f"{self.why}: Terraform {ended} ({command}). Look at what is done with `tallystick cloud drift`, then plan "
            f"anew.\n{output.strip()[-1000:]}"
        ).strip()

    def _watch(self) -> None:
        until = time.monotonic() + self._bound
        while not self._over.wait(LOOK_S) and self._started.poll() is None:
            if self._stop.why:
                return self._end(self._stop.why)
            if time.monotonic() >= until:
                return self._end(f"it took longer than {self._bound} seconds")
        return None

    def _end(self, why: str) -> None:
        if self._started.poll() is not None:
            return
        self.why = why
        self._send(signal.SIGINT)
        try:
            self._started.wait(self._grace)
        except subprocess.TimeoutExpired:
            self.is_killed = True
            self._send(signal.SIGKILL)
            self._started.wait(self._grace)

    def _send(self, number: signal.Signals) -> None:
        # A session of its own, so that it is the group; providers leave an interrupt to Terraform, as go-plugin has it.
        with suppress(ProcessLookupError):
            os.killpg(self._started.pid, number)
