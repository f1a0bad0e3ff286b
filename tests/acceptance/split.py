"""A platform as it is split: one process or several, each started by its command, and the record's beside them."""

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tallystick.apps.parts import CONTEXTS
from tallystick.apps.splitting import SPLITS
from tests.apps.platform import PROGRAM, ROOT, STOP_WAIT_S, Reached, Running, environment, run
from tests.loops import to_end
from tests.ports import free_port

POOL_SIZE = "4"


class Split(Reached):
    """The processes of a split. ``urls`` has the database of each context, as a login that may make roles.

    Each process has a login of its own, which may become the roles of its contexts and no other.
    """

    def __init__(self, name: str, *, urls: Mapping[str, str], home: Path) -> None:
        self.urls, self._folder = dict(urls), home / "split"
        self.parts = dict(SPLITS[name])
        self.urls_of_processes = {one: f"http://127.0.0.1:{free_port()}" for one in self.parts}
        edge = next(iter(self.urls_of_processes.values()))
        of_contexts = {f"TALLYSTICK_DATABASE_URL_{one.upper()}": url for one, url in urls.items()}
        settings = {"TALLYSTICK_URL": edge, "TALLYSTICK_PUBLIC_URL": edge, **of_contexts}
        super().__init__(url=edge, env=environment(home / "home", **settings))
        self.logins: dict[str, str] = {}
        self.running: dict[str, Running] = {}
        self._made(name)
        with ThreadPoolExecutor(len(self.parts)) as pool:
            self.running = dict(pool.map(lambda one: (one, self._started(one)), self.parts))
        self._sequencer = subprocess.Popen(
            [*PROGRAM, "sequence"], env=self.env, cwd=ROOT, start_new_session=True
        )

    def _made(self, name: str) -> None:
        """What an operator does first: keys and settings, the schema, a login for each process."""
        places = [
            word for one, url in self.urls_of_processes.items() for word in ("--at", f"{one}={url}")
        ]
        said = run(
            "doors", "init", "--split", name, "--folder", str(self._folder), *places, env=self.env
        )
        assert said.code == 0, said
        said = self.command("migrate")
        assert said.code == 0, said
        for one in self.parts:
            self.logins[one] = f"login_{secrets.token_hex(6)}"
            to_end(self._make_login(one))

    async def _make_login(self, name: str) -> None:
        login, any_url = self.logins[name], next(iter(self.urls.values()))
        connection = await asyncpg.connect(any_url)
        try:
            await connection.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{login}' NOINHERIT")
            for context in self.contexts_of(name):
                role = f"tallystick_{context}"
                await connection.execute(f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE")
        finally:
            await connection.close()

    async def _drop_logins(self) -> None:
        connection = await asyncpg.connect(next(iter(self.urls.values())))
        try:
            for login in self.logins.values():
                await connection.execute(f"DROP ROLE {login}")
        finally:
            await connection.close()

    def contexts_of(self, name: str) -> list[str]:
        """The contexts of a process."""
        return [part for part in self.parts[name] if part in CONTEXTS]

    def process_of(self, part: str) -> str:
        """The process that has a part."""
        return next(name for name, parts in self.parts.items() if part in parts)

    def settings_of(self, name: str) -> dict[str, str]:
        """All that a process is told: what was written for it, and its databases under its own login."""
        written = (self._folder / name / "env").read_text().splitlines()
        told = {key: text.strip('"') for key, _, text in (line.partition("=") for line in written)}
        databases = {
            f"TALLYSTICK_DATABASE_URL_{context.upper()}": _as_login(
                self.urls[context], self.logins[name]
            )
            for context in self.contexts_of(name)
        }
        more = {"TALLYSTICK_DEVELOPMENT": "1", "TALLYSTICK_POOL_SIZE": POOL_SIZE}
        return told | databases | more

    def _started(self, name: str) -> Running:
        home = self._folder / name / "home"
        env = environment(home, **self.settings_of(name))
        return Running("serve", env=env, log=self._folder / name / "log")

    def start(self, name: str) -> None:
        """Start a process again, where it was."""
        self.running[name] = self._started(name)

    def kill(self, name: str) -> None:
        """End a process without a word."""
        running = self.running.pop(name)
        # The server and its worker are of one session.
        _kill_group(running.process)

    def stop(self) -> None:
        """End them all."""
        for running in self.running.values():
            running.process.send_signal(signal.SIGINT)
        self._sequencer.send_signal(signal.SIGINT)
        for process in (*(one.process for one in self.running.values()), self._sequencer):
            process.wait(STOP_WAIT_S)
        to_end(self._drop_logins())

    def database_url(self) -> str:
        """Where people and keys are, for an operator."""
        return self.urls["identity"]


def _as_login(url: str, login: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}:{login}@{parts.netloc.rpartition('@')[2]}"))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_WAIT_S)
