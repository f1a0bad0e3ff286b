"""The account the server runs under."""

import contextlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from tallystick.runtime.embedded.errors import EmbeddedPostgresError


@dataclass(frozen=True, slots=True)
class Account:
    """The account the server runs under; `switched` when that is not the one we run under."""

    uid: int
    gid: int
    switched: bool


def account_for(*, data: Path) -> Account:
    """Choose whom to run as: ourselves, or for root, which PostgreSQL refuses, somebody lesser."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    chosen = os.environ.get("TALLYSTICK_POSTGRES_USER")
    if not chosen and data.exists() and (owner := data.stat()).st_uid:
        # An account that was installed later must not cut off the data of the one we took first.
        return Account(owner.st_uid, owner.st_gid, switched=True)
    for name in [chosen] if chosen else ["tallystick", "postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid:
                return Account(entry.pw_uid, entry.pw_gid, switched=True)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root: set TALLYSTICK_POSTGRES_USER to an existing account."
    )
