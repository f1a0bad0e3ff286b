"""Serving: one process of Granian with the whole platform in it."""

import os
from typing import Any

from granian.constants import Interfaces, Loops
from granian.server import Server

from tallystick.apps.compose import Platform
from tallystick.runtime.configuration import read_settings
from tallystick.runtime.telemetry import configure_logging

# So many connections may wait to be taken up; beyond it the kernel tells the client to come back.
BACKLOG = 4_096


def build() -> Any:
    """Make the application of this process; Granian calls it in the process that serves."""
    settings = read_settings()
    configure_logging(settings.log_level)
    return Platform(url=settings.database_url, settings=settings).app()


def serve(
    *, database_url: str, host: str, port: int, target: str = "tallystick.apps.serve:build"
) -> None:
    """Serve until SIGINT or SIGTERM. ``database_url`` reaches the serving process by its environment."""
    os.environ["TALLYSTICK_DATABASE_URL"] = database_url
    Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        log_access=False,
        log_level="warning",
        respawn_failed_workers=False,
        workers_kill_timeout=15,
    ).serve()
