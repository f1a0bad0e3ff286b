"""What an operator sets up once, from the files of `infra/openbao`, so that OpenBao leases logins of a PostgreSQL."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.loops import to_end
from tests.secrets.bao import Bao

# Short, so that a login is changed over while a test looks on.
TTL_S = 2
INFRA = Path(__file__).parents[2] / "infra" / "openbao"


def without_login(url: str) -> str:
    """Leave the login out of a URL."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@contextmanager
def database_mounted(bao: Bao, *, url: str, ttl_s: int, max_ttl_s: int) -> Iterator[str]:
    """Mount the database engine at `database`, with short lives; answers the mount."""
    login, password = f"openbao_{secrets.token_hex(4)}", secrets.token_hex(16)
    script = (INFRA / "postgres.sql").read_text().replace("…", password).replace("\n    ", " ")
    script = script.replace("openbao ", f"{login} ")
    to_end(_execute(url, script))
    bao.ask("POST", "sys/mounts/database", {"type": "database"})
    parts = urlsplit(url)
    connection: dict[str, Any] = json.loads((INFRA / "database-connection.json").read_text())
    connection["connection_url"] = (
        f"postgresql://{{{{username}}}}:{{{{password}}}}@{parts.hostname}:{parts.port}{parts.path}?sslmode=disable"
    )
    connection |= {"username": login, "password": password}
    bao.ask("POST", "database/config/tallystick", connection)
    for name, roles in database_roles().items():
        text = (INFRA / "database-role.json").read_text().replace("ROLES", ",".join(roles))
        role = json.loads(text) | {"default_ttl": f"{ttl_s}s", "max_ttl": f"{max_ttl_s}s"}
        bao.ask("POST", f"database/roles/tallystick-{name}", role)
    add_policy(bao, "services")
    try:
        yield "database"
    finally:
        # Ends the leases and the sessions of OpenBao itself.
        bao.ask("DELETE", "sys/mounts/database")
        to_end(_execute(url, f"DROP ROLE {login}"))


def database_roles() -> dict[str, list[str]]:
    """Give the roles of PostgreSQL that each process may take on, by its name."""
    lines = (INFRA / "database-roles.txt").read_text().splitlines()
    return {name: roles.split(",") for name, roles in (line.split() for line in lines)}


def add_policy(bao: Bao, name: str) -> str:
    """Write a policy of `infra/openbao`; answers its name."""
    text = (INFRA / f"{name}.policy.hcl").read_text()
    bao.ask("PUT", f"sys/policies/acl/tallystick-{name}", {"policy": text})
    return f"tallystick-{name}"


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
