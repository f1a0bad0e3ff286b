"""Two PostgreSQL roles that take turns: while one is in use, the other gets a new password.

So a login and its successor are both valid for as long as consumers need. The password itself never crosses to the
server when it is set: a verifier of SCRAM-SHA-256 (RFC 5802, RFC 7677) does, as PostgreSQL keeps it.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from tallystick.governance.model.homes import Fence, HomeDenied, HomeDown, HomeRefused, Sealed
from tallystick.governance.model.secrets import SecretSpec
from tallystick.runtime.database import Connection, connect

ITERATIONS: Final = 4_096
# What PostgreSQL says to a wrong password; and to a role that may not log in, but to a place that no rule of its
# lets in too. https://www.postgresql.org/docs/current/errcodes-appendix.html
_WRONG_LOGIN: Final = "28P01"
_NOT_LET_IN: Final = "28000"
_PASSWORD_BYTES: Final = 32
# A turn lasts three minutes after the fence.
FENCED_MS: Final = 60_000


class PostgresRole:
    """Roles of one cluster, altered by the login of `url`, which made them or has ADMIN OPTION on them."""

    settles_s = 0

    def __init__(self, *, url: str) -> None:
        self._url = url

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        """A new password for the role whose turn it is."""
        last = old.reveal().get("username") if old else None
        turn = next(role for role in spec.roles if role != last)
        # Letters and digits alone need no escaping in a URL.
        password = secrets.token_hex(_PASSWORD_BYTES)
        return Sealed({"username": turn, "password": password})

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        """Let the role log in with its password. Raises HomeRefused for a role that is not there."""
        fields = _fields(value)
        verifier = scram_verifier(fields["password"], salt=secrets.token_bytes(16))
        await self._alter(spec, "let_in", fields["username"], verifier, fence)

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        """Log in with it. Raises HomeDown when PostgreSQL does not answer, HomeRefused when it lets nobody in."""
        fields = _fields(value)
        try:
            connection = await connect(_as_login(self._url, fields["username"], fields["password"]))
        except (OSError, TimeoutError) as error:
            raise _down(error) from None
        except Exception as error:
            state = getattr(error, "sqlstate", None)
            if state == _WRONG_LOGIN:
                return False
            if state != _NOT_LET_IN:
                raise HomeDown(_says(error)) from None
        else:
            await connection.close()
            return True
        await self._demand_shut_out(fields["username"])
        return False

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        """Let the other role log in no more, and end its sessions."""
        kept = _fields(keep)["username"]
        for role in spec.roles:
            if role != kept:
                await self._alter(spec, "shut_out", role, "", fence)

    async def _demand_shut_out(self, role: str) -> None:
        async with self._connected() as connection:
            if await connection.fetchval(_sql("may_log_in"), role):
                raise HomeRefused(
                    f"PostgreSQL does not let {role} in from here ({_NOT_LET_IN}), who may log in elsewhere. That "
                    "proves nothing: look at pg_hba.conf"
                )

    async def _alter(
        self, spec: SecretSpec, name: str, role: str, verifier: str, fence: Fence
    ) -> None:
        if role not in spec.roles:
            raise HomeRefused(f"{spec.name}: {role[:63]!r} is none of its roles: rotate it anew")
        async with self._connected() as connection:
            if not await connection.fetchval(_sql("known"), role):
                raise HomeRefused(
                    f"{spec.name}: PostgreSQL has no role {role}: make it with the rights of "
                    f"{spec.roles[0]}, without LOGIN"
                )
            statement = await connection.fetchval(_sql(name), role, verifier)
            # Who sleeps behind the fence until another has the turn finds that the server ended the session.
            async with connection.transaction():
                await connection.execute(_sql("bounded"), str(FENCED_MS))
                await fence()
                await connection.execute(statement)
            if name == "shut_out":
                await connection.fetch(_sql("end_sessions"), role)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        try:
            connection = await connect(self._url)
        except (OSError, TimeoutError) as error:
            raise _down(error) from None
        except Exception as error:
            raise HomeDenied(_says(error)) from None
        try:
            yield connection
        except Exception as error:
            if isinstance(error, HomeRefused):
                raise
            raise HomeRefused(_says(error)) from None
        finally:
            await connection.close()


def scram_verifier(password: str, *, salt: bytes) -> str:
    """What PostgreSQL keeps of an ASCII password: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`."""
    derive = PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=ITERATIONS)
    salted = derive.derive(password.encode("ascii"))
    client = hmac.new(salted, b"Client Key", sha256).digest()
    server = hmac.new(salted, b"Server Key", sha256).digest()
    parts = [b64encode(one).decode() for one in (salt, sha256(client).digest(), server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


def _fields(value: Sealed) -> dict[str, str]:
    fields = value.reveal()
    if not {"username", "password"} <= set(fields):
        raise HomeRefused("a postgres_role has a username and a password: somebody else wrote it")
    return fields


def _as_login(url: str, username: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(username)}:{quote(password)}@{host}"))


def _down(error: BaseException) -> HomeDown:
    return HomeDown(f"PostgreSQL does not answer ({type(error).__name__}); run the same again")


def _says(error: Exception) -> str:
    return f"PostgreSQL refuses ({getattr(error, 'sqlstate', None) or type(error).__name__})"


def _sql(name: str) -> str:
    return (files("tallystick.governance.adapters.secret_kinds") / f"{name}.sql").read_text("utf-8")
