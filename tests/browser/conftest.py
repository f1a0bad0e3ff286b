"""One Chromium and a few platforms for all browser tests."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.apps.platform import Running, environment
from tests.browser.house import CHROMIUM, House
from tests.ports import free_port

# Most modules share a platform. These change what others count, count what others change, or enrol by the page the
# first passkey of somebody: they share others, in the order of their names.
APART: Final = {
    "test_approving": "agreed",
    "test_consents": "agreed",
    "test_people": "agreed",
    "test_me": "oneself",
    "test_record": "record",
    "test_statements": "oneself",
}
# Whoever proves nothing is asked about thousands of times in a minute here.
BUDGET: Final = {"TALLYSTICK_LIMIT_ADDRESS": "100000"}


@pytest.fixture(scope="package")
def home() -> Iterator[Path]:
    """A folder that an unprivileged server may pass through."""
    made = Path(tempfile.mkdtemp(prefix="tallystick-browser-"))
    os.chmod(made, 0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium. Its contexts share nothing."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield made
        made.close()


@pytest.fixture(scope="package")
def house_called(home: Path, browser: Browser) -> Iterator[Callable[[str], House]]:
    """Platforms by name: `tallystick up` on a fresh home, started when it is first asked for."""
    made: dict[str, House] = {}
    with ExitStack() as stack:

        def house(name: str) -> House:
            if name not in made:
                env = environment(home / name, TALLYSTICK_PORT=str(free_port()), **BUDGET)
                running = Running("up", env=env, log=home / f"{name}.log")
                stack.callback(running.stop)
                made[name] = House(running, browser)
            return made[name]

        yield house


@pytest.fixture(scope="module")
def whole_house(request: pytest.FixtureRequest, house_called: Callable[[str], House]) -> House:
    """The platform of this module."""
    return house_called(APART.get(request.path.stem, "common"))


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
