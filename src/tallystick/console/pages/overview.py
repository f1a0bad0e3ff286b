"""The overview: what a person owns, what waits for them, what happened lately, whether everything is well."""

from tallystick.console.site import Site, Visit
from tallystick.runtime.routes import Reply, Route


def routes(site: Site) -> list[Route]:
    """The route of the overview."""

    async def overview(visit: Visit) -> Reply:
        return visit.page("overview.html")

    return [site.get("/", overview)]
