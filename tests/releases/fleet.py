"""A platform of a few processes behind load balancers, any of which is replaced while it is asked."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tallystick.apps.splitting import SPLITS
from tests.apps.platform import STOP_WAIT_S, Reached, Running, environment, run
from tests.ports import free_port
from tests.releases.balancer import Balancer

# Processes of ours keep a connection that they do not use for four seconds; the tests' clients use theirs all the time.
DRAIN_SECONDS, DRAIN_SECONDS_EDGE = "5", "1"


class Fleet(Reached):
    """One process for each place of a split, and a balancer before each; ``source`` is where its release is."""

    def __init__(self, split: str, *, database: str, home: Path, source: Path) -> None:
        self._home, self._database = home, database
        self.places = list(SPLITS[split])
        self._balancers = {place: Balancer() for place in self.places}
        self._running: dict[str, Running] = {}
        self._starts = 0
        url = self._balancers[self.places[0]].url
        self._settings = {
            "TALLYSTICK_DATABASE_URL": database,
            "TALLYSTICK_POOL_SIZE": "2",
            "TALLYSTICK_DEVELOPMENT": "1",
        }
        super().__init__(url=url, env=environment(home / "operator", **self._settings))
        self._write_settings(split)
        self.migrate(source)
        with ThreadPoolExecutor(len(self.places)) as pool:
            list(pool.map(lambda place: self._start(place, source), self.places))

    def _write_settings(self, split: str) -> None:
        at = [
            word
            for place, balancer in self._balancers.items()
            for word in ("--at", f"{place}={balancer.url}")
        ]
        folder = str(self._home / "split")
        said = self.command("doors", "init", "--split", split, "--folder", folder, *at)
        assert said.code == 0, said

    def migrate(self, source: Path, *options: str) -> str:
        """Bring the database to the schema of a release."""
        said = run("migrate", *options, env=self.env | {"PYTHONPATH": str(source)})
        assert said.code == 0, said
        return said.out

    def _start(self, place: str, source: Path) -> Running:
        self._starts += 1
        folder = self._home / "split" / place
        written = (folder / "env").read_text().splitlines()
        told = {name: text.strip('"') for name, _, text in (one.partition("=") for one in written)}
        port = free_port()
        drain = DRAIN_SECONDS_EDGE if place == self.places[0] else DRAIN_SECONDS
        own = {
            "TALLYSTICK_PORT": str(port),
            "TALLYSTICK_DRAIN_SECONDS": drain,
            "PYTHONPATH": str(source),
        }
        env = environment(folder / "home", **{**self._settings, **told, **own})
        made = Running("serve", env=env, log=folder / f"log-{self._starts}")
        self._balancers[place].add(port)
        self._running[place] = made
        return made

    def replace(self, place: str, source: Path) -> None:
        """Start another process at a place, and then stop the one that was there, with nothing cut."""
        before = self._running[place]
        self._start(place, source)
        before.process.send_signal(signal.SIGTERM)
        assert before.process.wait(STOP_WAIT_S) == 0, before.said
        self._balancers[place].forget(int(before.env["TALLYSTICK_PORT"]))

    def replace_blindly(self, place: str, source: Path, *, until: Callable[[], None]) -> None:
        """Do the same with a balancer that does not look whether a process is ready, and wait for what comes of it."""
        balancer, before = self._balancers[place], self._running[place]
        balancer.is_blind = True
        self._start(place, source)
        before.process.send_signal(signal.SIGTERM)
        until()
        assert before.process.wait(STOP_WAIT_S) == 0, before.said
        balancer.is_blind = False
        balancer.forget(int(before.env["TALLYSTICK_PORT"]))

    def logs(self) -> str:
        """What all processes said."""
        return "\n".join(path.read_text() for path in sorted(self._home.rglob("log-*")))

    def stop(self) -> None:
        """End everything without a word: nobody asks any more."""
        for running in self._running.values():
            # The server and its worker are of one session.
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait(STOP_WAIT_S)
        for balancer in self._balancers.values():
            balancer.stop()


@contextmanager
def fleet(split: str, *, database: str, home: Path, source: Path) -> Iterator[Fleet]:
    """A fleet, for as long as the block lasts."""
    made = Fleet(split, database=database, home=home, source=source)
    try:
        yield made
    finally:
        made.stop()
