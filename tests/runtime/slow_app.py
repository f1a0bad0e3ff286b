"""An application with a slow route, for whoever stops it meanwhile."""

import asyncio
from typing import Any

from tallystick.runtime.configuration import read_settings
from tallystick.runtime.draining import Draining
from tallystick.runtime.edge import Manners, build_app
from tallystick.runtime.routes import Asked, Route

SLOW_S = 6


def build() -> Any:
    """Make the application, as the platform makes its own."""
    draining = Draining(seconds=read_settings().drain_seconds)

    async def quick(asked: Asked) -> dict[str, str]:
        return {}

    async def slow(asked: Asked) -> dict[str, str]:
        await asyncio.sleep(SLOW_S)
        return {}

    async def nobody(*_: Any) -> Any:
        raise AssertionError("all is public here")

    routes = [
        Route(
            method="GET", path=path, summary="S", handle=handle, answer=dict[str, str], public=True
        )
        for path, handle in (("/quick", quick), ("/slow", slow))
    ]
    return build_app(
        routes=routes,
        authenticate=nobody,
        title="T",
        version="1",
        on_start=(draining.watch,),
        manners=Manners(draining=draining),
    )
