"""``make bench``: one JSON line a figure; ``python -m tests.bench bulk http`` measures only those."""

import sys

import uvloop

from tallystick.runtime.edge import settle_memory
from tests.bench import access, bulk, cloud, console, far, growth, http, record
from tests.bench.figures import missed, say
from tests.bench.ground import new_database, postgres

PARTS = ("bulk", "http", "growth", "record", "access", "far", "console", "cloud")


async def measure(url: str, wanted: set[str]) -> None:
    """Measure the wanted parts, each in a database of its own, under the collector's settings of the server."""
    settle_memory()
    if "bulk" in wanted:
        await bulk.measure(await new_database(url, "bulk"))
    if "http" in wanted:
        await http.measure(await new_database(url, "http"))
    if "growth" in wanted:
        await growth.measure(url)
    if "access" in wanted:
        await access.measure(await new_database(url, "access"))
    if "far" in wanted:
        await far.measure(await new_database(url, "far"))
    if "console" in wanted:
        await console.measure()
    if "cloud" in wanted:
        cloud.measure()
    if "record" in wanted:
        await record.measure(url)


def main() -> None:
    """Measure, and end with exit code 1 when a floor was missed."""
    wanted = set(sys.argv[1:]) or set(PARTS)
    if wanted - set(PARTS):
        raise SystemExit(f"parts are {', '.join(PARTS)}")
    with postgres() as url:
        uvloop.run(measure(url, wanted))
    for figure in missed():
        say(f"missed: {figure.name} {figure.ratio} against {figure.against}, floor {figure.floor}")
    raise SystemExit(1 if missed() else 0)


if __name__ == "__main__":
    main()
