"""`python -I -S leash.py PARENT GRACE COMMAND…`: run a command that is interrupted once when PARENT is gone.

A program between, and no signal of the parent's death to the command itself: the kernel sends that for each thread of
the parent that ends, and Terraform takes a second interrupt for leave to lose its state. It uses nothing but the
standard library, so that it costs a few milliseconds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> int:
    """Run the command to its end; give its exit code."""
    parent, grace, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until there is somebody to tell
    tie(parent, signal.SIGTERM)
    ours = os.getpid()
    child = os.fork()
    if child == 0:
        become(command, parent=ours)
    told: list[int] = []

    def gone(number: int, frame: object) -> None:
        if not told:
            told.append(number)
            os.kill(child, signal.SIGINT)
            signal.alarm(grace)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the group means the command
    signal.signal(signal.SIGTERM, gone)
    signal.signal(signal.SIGALRM, lambda number, frame: os.kill(child, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def become(command: list[str], *, parent: int) -> None:
    """Become the command, as if nothing were between it and whoever asked for it."""
    try:
        # A shell's background ignores an interrupt, and so would the command.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        tie(parent, signal.SIGINT)
        os.execvp(command[0], command)  # noqa: S606 - the operator's own Terraform
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def tie(parent: int, number: int) -> None:
    """Have this process sent a signal when its parent dies, at once when it is dead already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


if __name__ == "__main__":
    sys.exit(main())
