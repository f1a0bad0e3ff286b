"""Style sheet, scripts and picture of the console: named by what is in them, so that a browser keeps them for good."""

from hashlib import sha256
from importlib.resources import files
from typing import Final

from tallystick.runtime.routes import Asked, Pages, Reply, Route

PATH: Final = "/static"
_MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}


class Statics:
    """The files of the console, by name and by address."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}
        self._replies: dict[str, Reply] = {}
        for file in files("tallystick.console").joinpath("static").iterdir():
            suffix = file.name[file.name.rfind(".") :]
            if suffix not in _MEDIA:
                continue
            content = file.read_bytes()
            path = f"{PATH}/{sha256(content).hexdigest()[:16]}/{file.name}"
            self._paths[file.name] = path
            self._replies[path] = Reply(value=content, media=_MEDIA[suffix], headers=_FOR_GOOD)

    def path(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that is not there."""
        return self._paths[name]

    def routes(self, pages: Pages) -> list[Route]:
        """One route for each file."""
        return [_fixed(path, reply, pages) for path, reply in sorted(self._replies.items())]


def _fixed(path: str, reply: Reply, pages: Pages) -> Route:
    async def answer(asked: Asked) -> Reply:
        return reply

    return Route(
        method="GET", path=path, summary="A file of the console", handle=answer, answer=bytes,
        answer_media=reply.media or "", public=True, pages=pages,
    )  # fmt: skip
