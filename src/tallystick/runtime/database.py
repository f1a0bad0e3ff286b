"""PostgreSQL: one pool per role, the tenant set in every transaction, numbers and instants as ints."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

import asyncpg

from tallystick.runtime.leasing import Leased, leased_for
from tallystick.runtime.tls import database_context

Connection = Any
"""A connection inside a transaction, as ``asyncpg`` gives it; only ``store`` calls its methods."""

VERSION_MIN = 16
STATEMENT_TIMEOUT_S = 20
CONNECT_TIMEOUT_S = 10
CLOSE_TIMEOUT_S = 10
_NOT_A_URL = "TALLYSTICK_DATABASE_URL is not postgresql://login:password@host:port/database"
# PostgreSQL counts microseconds from 2000-01-01, we from 1970-01-01.
_PG_EPOCH_US = 946_684_800 * 1_000_000

_open_in: ContextVar[str | None] = ContextVar("tallystick_transaction_role", default=None)


class NothingCommitted(RuntimeError):
    """A statement of the transaction had failed, its error was swallowed, and so the commit kept nothing: a bug."""


class BadFiles(ValueError):
    """A certificate, key or CA for PostgreSQL that cannot be used."""


class ServerTooOld(RuntimeError):
    """The PostgreSQL that was given is older than we support."""


class NotTrusted(ConnectionError):
    """PostgreSQL answers, but not over TLS 1.3 with a certificate that is trusted for its name."""


class OutOfReach(ConnectionError):
    """No PostgreSQL answers where the setting says."""


def open_transaction_role() -> str | None:
    """The role whose transaction is open in this task, or None. Doors refuse to be called inside one."""
    return _open_in.get()


class Database:
    """Transactions of one context's role.

    ``url`` names a login that may SET the role; the role is set when a connection starts, so that
    every statement runs with that context's grants and under row-level security.
    """

    def __init__(
        self,
        *,
        url: str,
        role: str,
        pool_size: int,
        statement_timeout_s: int = STATEMENT_TIMEOUT_S,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url
        self.role = role
        self.pool_size = pool_size
        self._timeout_s = statement_timeout_s
        self._settings = {
            "role": role,
            "application_name": role,
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": f"{statement_timeout_s}s",
            "idle_in_transaction_session_timeout": "60s",
            **(settings or {}),
        }
        self._pool: Any = None
        self._leased: Leased | None = None
        self._changing: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Open the pool. Raises ServerTooOld, or OSError when nothing answers.

        Where the URL has no login and TALLYSTICK_DATABASE_CREDENTIALS leases one, connections are made with what is
        leased, and anew when that changes.
        """
        leased = leased_for(self.url)
        if leased:
            await leased.join(self._change_over)
            self._leased = leased
        try:
            await self._open_pool(partial(_connect_leased, leased) if leased else None)
        except BaseException:
            await self.stop()
            raise

    def _change_over(self) -> None:
        """Have each connection made anew when it is next taken; what runs on it goes on."""
        if self._pool is not None:
            self._changing = asyncio.ensure_future(_expire(self._pool))

    async def _open_pool(self, connect_leased: Any) -> None:
        self._pool = await asyncpg.create_pool(
            self.url,
            connect=connect_leased,
            ssl=secured(self.url),
            min_size=1,
            max_size=self.pool_size,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=self._timeout_s + 10,
            init=_speak_integers,
            reset=_nothing_to_reset,
            server_settings=self._settings,
        )
        async with self._pool.acquire() as connection:
            demand_version(connection)

    async def stop(self) -> None:
        """Close the pool; what is running may finish for ten seconds. A leased login is given back."""
        pool, self._pool = self._pool, None
        leased, self._leased = self._leased, None
        if self._changing:
            self._changing.cancel()
        try:
            if pool is not None:
                await _close(pool)
        finally:
            if leased:
                await leased.leave(self._change_over)

    @asynccontextmanager
    async def transaction(
        self, *, tenant_id: int, read_only: bool = False
    ) -> AsyncIterator[Connection]:
        """Run one transaction as one tenant. Commits on leaving, rolls back on any exception.

        Whatever the commit raises passes through; then whether anything was kept is not known.
        """
        async with self._begin(f"SET LOCAL tallystick.tenant = '{tenant_id:d}'", read_only) as held:
            yield held

    @asynccontextmanager
    async def without_tenant(self, *, read_only: bool = False) -> AsyncIterator[Connection]:
        """Run one transaction with no tenant: only functions made for that, and operators' lists, answer."""
        async with self._begin("SELECT", read_only) as held:
            yield held

    @asynccontextmanager
    async def _begin(self, first: str, read_only: bool) -> AsyncIterator[Connection]:
        mode = "ISOLATION LEVEL REPEATABLE READ READ ONLY" if read_only else "READ WRITE"
        if self._pool is None:
            raise ConnectionError(f"the database of {self.role} is closed")
        async with self._pool.acquire() as connection:
            token = _open_in.set(self.role)
            try:
                # One round trip: the tenant is a validated literal, since SET takes no parameters
                # (and only the statement travels to the other nodes of a cluster).
                await connection.execute(f"BEGIN {mode}; {first}")
                yield connection
                await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise
            finally:
                _open_in.reset(token)


async def _commit(connection: Connection) -> None:
    # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and calls that a success.
    if await connection.execute("COMMIT") != "COMMIT":
        raise NothingCommitted("the transaction had failed before its commit")


async def _roll_back(connection: Connection) -> None:
    """Roll back, and never hide the error that led here: a connection that cannot do it is thrown away."""
    try:
        await connection.execute("ROLLBACK")
    except BaseException as second:
        # The pool has let go of a lost one already, and says so.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        # Only being cancelled meanwhile comes before the first error.
        if not isinstance(second, Exception):
            raise


async def _close(pool: Any) -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
    except TimeoutError:
        pool.terminate()


async def _expire(pool: Any) -> None:
    await pool.expire_connections()
    # A connection that was just being made with the login before counts as one made after.
    await asyncio.sleep(CONNECT_TIMEOUT_S)
    await pool.expire_connections()


async def _connect_leased(leased: Leased, *arguments: Any, **settings: Any) -> Connection:
    """Connect with the leased login; with another, once, where PostgreSQL does not know that one any more."""
    login = leased.login
    try:
        return await asyncpg.connect(
            *arguments, user=login.user, password=login.password, **settings
        )
    except asyncpg.InvalidAuthorizationSpecificationError:
        login = await leased.replaced(login)
        return await asyncpg.connect(
            *arguments, user=login.user, password=login.password, **settings
        )


def secured(url: str) -> ssl.SSLContext | None:
    """What PostgreSQL is spoken to with; on the loopback None, which leaves it to the URL. Raises BadFiles."""
    try:
        return database_context(url)
    except ValueError as error:
        raise BadFiles(str(error)) from None


async def connect(url: str) -> Connection:
    """Open one connection outside of any pool, over TLS where the URL leaves this machine. Raises OSError, BadFiles."""
    return await asyncpg.connect(url, ssl=secured(url), timeout=CONNECT_TIMEOUT_S)


async def demand_reachable(url: str) -> None:
    """Connect once. Raises ValueError for what is no URL, OutOfReach, or what PostgreSQL itself refuses.

    Nothing that is said has the password in it.
    """
    if leased := leased_for(url):
        await _demand_lease(leased)
        return
    try:
        connection = await connect(url)
    except asyncpg.ClientConfigurationError as error:
        raise ValueError(f"{_NOT_A_URL}: {error}") from None
    # Before ValueError, which a certificate that cannot be verified is too.
    except (OSError, TimeoutError) as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or error
        # The login and its password stand before the last @.
        address = url.partition("://")[2].rpartition("@")[2].partition("?")[0]
        if isinstance(error, ssl.SSLError) or "SSL upgrade" in str(error):
            raise NotTrusted(
                f"the PostgreSQL at {address} cannot be trusted ({error}): it must speak TLS 1.3 and show a "
                "certificate for its name from an authority in TALLYSTICK_DATABASE_CA"
            ) from None
        raise OutOfReach(
            f"no PostgreSQL answers at {address} ({reason}): start it, or set TALLYSTICK_DATABASE_URL to where it is"
        ) from None
    except BadFiles:
        raise
    except (ValueError, OverflowError):
        # What Python says of it may quote the password.
        raise ValueError(f"{_NOT_A_URL}, with %-escapes in its password") from None
    await connection.close()


async def _demand_lease(leased: Leased) -> None:
    """Lease once, and give it back; where the login works is seen when the pools open."""
    users = partial(int)
    await leased.join(users)
    await leased.leave(users)


def demand_version(connection: Connection) -> None:
    """Raise ServerTooOld unless the server is one we support."""
    version = connection.get_server_version()
    if version.major < VERSION_MIN:
        raise ServerTooOld(
            f"PostgreSQL {version.major}.{version.minor} is too old: Tallystick needs {VERSION_MIN} or newer. "
            "Point TALLYSTICK_DATABASE_URL at a newer server, or unset it to use the embedded one."
        )


async def _speak_integers(connection: Connection) -> None:
    await connection.set_type_codec(
        "numeric", schema="pg_catalog", encoder=str, decoder=int, format="text"
    )
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        encoder=lambda instant: (instant - _PG_EPOCH_US,),
        decoder=lambda parts: parts[0] + _PG_EPOCH_US,
        format="tuple",
    )


async def _nothing_to_reset(_: Connection) -> None:
    """Settings are LOCAL to each transaction, so a returned connection has nothing to forget."""
