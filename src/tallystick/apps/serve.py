"""Serving: one process of Granian with the whole platform in it, or parts of it."""

import asyncio
import errno
import os
from typing import Any

from granian.constants import Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server import Server

from tallystick.apps.compose import Platform
from tallystick.apps.doors import demand_doors
from tallystick.apps.identifying import demand_token_keys
from tallystick.apps.listed import demand_substitutes
from tallystick.apps.parts import parts_of, urls_said
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.draining import Draining
from tallystick.runtime.leasing import demand_no_login
from tallystick.runtime.orphans import end_worker_with_its_master
from tallystick.runtime.telemetry import configure_logging
from tallystick.runtime.tls import ServerFiles, server_files

# So many connections may wait to be taken up; beyond it the kernel tells the client to come back.
BACKLOG = 4_096
# What the edge takes of headers and path, with some room; beyond it the server itself hangs up.
HEAD_BYTES_MAX = 131_072
HEAD_WAIT_MS = 15_000
# What jobs under way and closing the databases may take, after the last request.
CLOSE_SECONDS = 15


def build() -> Any:
    """Make the application of this process; Granian calls it in the process that serves."""
    end_worker_with_its_master()
    settings = read_settings()
    configure_logging(settings.log_level)
    draining = Draining(seconds=settings.drain_seconds)
    return Platform(url=settings.database_url, settings=settings).app(draining=draining)


def demand_servable(settings: Settings) -> None:
    """Raise ValueError or OSError for what would only fail in the serving process, with a page of traceback.

    The server shares a port with whoever listens there already, so a taken one is looked for here.
    """
    configure_logging(settings.log_level)
    files_of(settings)
    demand_no_login(urls_said(settings))
    demand_doors(settings)
    demand_substitutes(settings)
    if "identity" in parts_of(settings):
        demand_token_keys(settings)
    try:
        asyncio.run(_listen_once(settings.host, settings.port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ValueError(
                f"port {settings.port} of {settings.host} is taken: end what listens there, "
                "or set TALLYSTICK_PORT to another"
            ) from None
        raise ValueError(
            f"cannot listen at {settings.host}, port {settings.port} ({error.strerror}): "
            "set TALLYSTICK_HOST to an address of this machine, TALLYSTICK_PORT to a port it may use"
        ) from None


def files_of(settings: Settings) -> ServerFiles | None:
    """What the server shows over TLS; None in the clear, which only the loopback may be. Raises ValueError."""
    return server_files(
        host=settings.host,
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        client_ca=settings.tls_client_ca,
    )


async def _listen_once(host: str, port: int) -> None:
    async with await asyncio.start_server(lambda *_: None, host, port):
        return


def serve(
    *,
    database_url: str,
    host: str,
    port: int,
    files: ServerFiles | None = None,
    target: str = "tallystick.apps.serve:build",
) -> None:
    """Serve until SIGINT or SIGTERM, over TLS 1.3 with ``files``. ``database_url`` reaches the serving process by its
    environment.
    """
    os.environ["TALLYSTICK_DATABASE_URL"] = database_url
    Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        factory=True,
        workers=1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=False,
        workers_kill_timeout=_stop_s(read_settings()),
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_WAIT_MS, max_buffer_size=HEAD_BYTES_MAX
        ),
        http2_settings=HTTP2Settings(max_headers_size=HEAD_BYTES_MAX),
        ssl_cert=files.certificate if files else None,
        ssl_key=files.key if files else None,
        ssl_protocol_min=SSLProtocols.tls13,
        ssl_ca=files.client_ca if files else None,
        ssl_client_verify=files is not None and files.client_ca is not None,
    ).serve()


def _stop_s(settings: Settings) -> int:
    """How long a serving process may take to stop before it is killed: what is under way is not cut."""
    return settings.drain_seconds + settings.request_seconds + CLOSE_SECONDS
