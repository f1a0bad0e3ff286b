"""One platform and one Chromium for each module of browser tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.apps.platform import Running, environment, free_port
from tests.browser.house import CHROMIUM, House


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that an unprivileged server may pass through."""
    made = Path(tempfile.mkdtemp(prefix="tallystick-browser-"))
    os.chmod(made, 0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Settings of the platform beyond its home and port: a module may have its own."""
    return {"TALLYSTICK_LIMIT_ADDRESS": "100000"}


@pytest.fixture(scope="module")
def whole_house(home: Path, settings: dict[str, str]) -> Iterator[House]:
    """A platform of its own, `tallystick up` on a fresh home, and a Chromium."""
    env = environment(home / "platform", TALLYSTICK_PORT=str(free_port()), **settings)
    running = Running("up", env=env, log=home / "up.log")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            yield House(running, browser)
            browser.close()
    finally:
        running.stop()


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """The house of this module; every browser of the test is closed after it."""
    yield whole_house
    whole_house.close_contexts()


@pytest.fixture(scope="module")
def signed_in(whole_house: House) -> Any:
    """What the owner's browser keeps once they have signed in: every test has a browser with it."""
    page = whole_house.page("owner")
    return page.context.storage_state()


@pytest.fixture
def owner(house: House, signed_in: Any) -> Page:
    """The owner's page, on which no script of others may ever run."""
    page = house.page(storage_state=signed_in)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    return page
