"""Pictures of every page, wide and narrow, light and dark, and the document that shows them: ``make pictures``.

Each is WebP at half size, so that all of them together stay small.
"""

import base64
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

from tests.apps.platform import ROOT, Running, environment
from tests.browser.house import CHROMIUM, NARROW, WIDE, House
from tests.browser.places import PLACES, People, address, settled
from tests.ports import free_port

FOLDER: Final = ROOT / "docs" / "pictures" / "console"
PAGE: Final = ROOT / "docs" / "console.md"
SIZES: Final = {"wide": WIDE, "narrow": NARROW}
SCHEMES: Final = ("light", "dark")
# A page that goes on for long is shown as far as this, in pixels of CSS.
HEIGHT_MAX: Final = 1_800
QUALITY: Final = 45
_HEAD: Final = """# The console, page by page

What people see in a browser, as `make pictures` takes it from a running platform with the demonstration: each page
wide and narrow, light and dark. How it is made is [decision 27](decisions/0027-pages-from-the-server.md).

"""


def main() -> None:
    """Start a platform, let something happen on it, and take every picture."""
    home = Path(tempfile.mkdtemp(prefix="tallystick-shots-"))
    os.chmod(home, 0o711)
    env = environment(home / "platform", TALLYSTICK_PORT=str(free_port()))
    running = Running("up", env=env, log=home / "up.log")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            _take_all(House(running, browser))
            browser.close()
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


def _take_all(house: House) -> None:
    names = settled(house)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for size, viewport in SIZES.items():
        people = People(house, viewport=viewport, reduced_motion="reduce")
        for place in PLACES.values():
            page = people.page(place.who)
            page.goto(address(place.path, names))
            page.wait_for_load_state("networkidle")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                _take(page, FOLDER / f"{place.name}-{size}-{scheme}.webp")
        house.close_contexts()
    PAGE.write_text(_HEAD + "".join(_shown(place.name, route) for route, place in PLACES.items()))


def _take(page: Any, path: Path) -> None:
    cdp = page.context.new_cdp_session(page)
    size = page.evaluate("({width: innerWidth, height: document.documentElement.scrollHeight})")
    height = min(max(size["height"], 400), HEIGHT_MAX)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 0.5}
    taken = cdp.send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip},
    )
    path.write_bytes(base64.b64decode(taken["data"]))
    cdp.detach()


def _shown(name: str, route: str) -> str:
    pictures = " ".join(
        f"![{name}, {size}, {scheme}](pictures/console/{name}-{size}-{scheme}.webp)"
        for size in SIZES
        for scheme in SCHEMES
    )
    return f"## `{route}`\n\n{pictures}\n\n"


if __name__ == "__main__":
    main()
