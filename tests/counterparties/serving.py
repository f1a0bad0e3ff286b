"""A platform that serves on loopback for programs of others, and what they need to be somebody there."""

import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api import CreateTenant
from tallystick.identity.api.clients import Client, Clients, CreateClient
from tallystick.identity.model import session_texts
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near

FOLDER = Path(__file__).resolve().parent
NODE_WAIT_S = 60
OPERATOR = Caller(tenant_id=0, actor="operator")


class Tenant:
    """A tenant of the platform at ``url``, settled from behind its doors."""

    def __init__(self, database: Database, url: str) -> None:
        self.url, self.database = url, database
        self.clock = SystemClock()
        self.mint = Mint(self.clock)
        ground: dict[str, Any] = {"database": database, "mint": self.mint, "clock": self.clock}
        self.identity = IdentityService(**ground)
        service = ClientsService(**ground, issuer=url, bundles=catalogue().titles)
        self.clients = near(Clients, service)
        self.caller = OPERATOR

    async def settle(self) -> None:
        """Make the tenant."""
        made = await self.identity.create_tenant(
            caller=OPERATOR, message=CreateTenant(name="Bakery")
        )
        self.caller = Caller(tenant_id=ids.tenant_id_of(made.tenant), actor="operator")

    async def client(self, **fields: Any) -> Client:
        """Register a client."""
        message = CreateClient(name="counterparty", **fields)
        return await self.clients.create_client(caller=self.caller, message=message)

    async def give(self, holder: str, role: str) -> None:
        """Give somebody a role."""
        async with self.database.transaction(tenant_id=self.caller.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO identity.membership (tenant_id, membership_id, holder, role, from_at,"
                " given_by, given_at) VALUES ($1, $2, $3, $4, $5, 'operator', $5)",
                self.caller.tenant_id,
                self.mint.id("mem"),
                holder,
                role,
                self.clock.now(),
            )

    async def person(self) -> tuple[str, str]:
        """A person who signed in with two factors a moment ago: its id, and the token of its session."""
        now, tenant_id = self.clock.now(), self.caller.tenant_id
        person, session = self.mint.id("per"), self.mint.id("ses")
        text = session_texts.session_text(session_id=session, secret=secrets.token_bytes(32))
        async with self.database.transaction(tenant_id=tenant_id) as connection:
            await connection.execute(
                "INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at)"
                " VALUES ($1, $2, 'Ada', 'active', 0, $3)",
                tenant_id,
                person,
                now,
            )
            await connection.execute(
                "INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer,"
                " methods, device, device_known, network, country, started_at, expires_at, mfa_at,"
                " stepped_up_at, seen_at) VALUES ($1, $2, $3, $4, 'us', '{pwd,otp}', '', true,"
                " '127.0.0.1', '', $5, $6, $5, $5, $5)",
                tenant_id,
                session,
                person,
                session_texts.hash_of(text),
                now,
                now + 3_600 * SECOND,
            )
        return person, text


def node(*arguments: str, given: str, environment: dict[str, str] | None = None) -> str:
    """Run a program of Node in the folder of counterparties, to its end; answers what it printed."""
    done = subprocess.run(
        ["node", *arguments],
        cwd=FOLDER,
        input=given,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=NODE_WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout


class Talking:
    """A program of Node that is talked with, a line of JSON at a time."""

    def __init__(self, script: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["node", script, *arguments],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tell(self, text: str) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Read a line of JSON."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()[-4_000:]
        return json.loads(line)

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
