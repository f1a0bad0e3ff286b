"""The head of the protected branch, as the repository says it: ``git ls-remote``, and nothing is fetched."""

import asyncio
import os
import re
from contextlib import suppress
from typing import Final

_HASH: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\t")
_WAIT_S: Final = 20
# What a repository may be reached by; helpers that run programs of others are none of them.
_PROTOCOLS: Final = "file:https:ssh"


class Repository:
    """A repository by its path or URL, and the branch that is protected in it."""

    def __init__(self, *, place: str, branch: str) -> None:
        self._place, self._branch = place, branch

    async def head(self) -> str | None:
        """The commit that the branch is at, None when the repository does not say within 20 seconds."""
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", "ls-remote", "--", self._place, f"refs/heads/{self._branch}"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
            )
        except OSError:
            return None
        try:
            said, _ = await asyncio.wait_for(process.communicate(), _WAIT_S)
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        found = _HASH.match(said)
        return found[1].decode() if found and process.returncode == 0 else None


def _environment() -> dict[str, str]:
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK") if name in os.environ
    }
    return kept | {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": _PROTOCOLS, "LC_ALL": "C"}
