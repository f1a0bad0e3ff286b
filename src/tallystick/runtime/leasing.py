"""Leased logins: PostgreSQL roles that OpenBao makes for a while, renewed, and changed over before they end.

Two thirds into its life a lease is renewed; when OpenBao gives it less than before, or refuses, a new login is leased.
From then on connections are made with the new one, and those that are in use end with what they are doing: the old
login stays good for the last third. https://openbao.org/api-docs/secret/databases/,
https://openbao.org/api-docs/system/leases/
"""

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

import msgspec
import structlog

from tallystick.runtime.openbao import (
    RETRY_MS,
    Access,
    BaoRefused,
    BaoToken,
    access_of,
    ask,
    client_of,
    is_as_long,
    two_thirds_ms,
)

SETTING: Final = "TALLYSTICK_DATABASE_CREDENTIALS"
GIVE_BACK_S: Final = 8
_BEFORE_MAX: Final = 4
_PAUSE_MS_MIN: Final = 100
_ROLE: Final = re.compile(r"openbao:([a-z0-9_/-]{1,100}/creds/[A-Za-z0-9_-]{1,100})")
_log: Any = structlog.get_logger("tallystick.leasing")


class NotLeased(ConnectionError):
    """OpenBao does not lease a login: it is down, or does not know or let in our token."""


class Login(NamedTuple):
    """A role and its password; it does not show the password."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user})"


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which OpenBao, who we are to it, and what it is asked for."""

    access: Access
    path: str


class _Lease(msgspec.Struct, frozen=True, kw_only=True):
    lease_id: str = ""
    lease_duration: int = 0
    renewable: bool = False
    data: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"_Lease({self.lease_duration})"


class Leased:
    """The login of this process, whoever of its databases uses it."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._login: Login | None = None
        self._lease: _Lease | None = None
        # A lease that was changed over lives on for what still runs on it, and is given back at the end.
        self._before = list[str]()
        self._users: list[Callable[[], object]] = []
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._client = client_of(where.access.address, ca=where.access.ca)
        self._token = BaoToken(where.access)
        # What is leased with a token ends with it.
        self._leased_with = ""

    @property
    def login(self) -> Login:
        """The one to connect with now. Raises NotLeased before there is one."""
        if self._login is None:
            raise NotLeased("no login is leased yet")
        return self._login

    async def join(self, changed: Callable[[], object]) -> None:
        """Use it; ``changed`` is called when another login is to be used. The first user leases. Raises NotLeased."""
        self._users.append(changed)
        async with self._starting:
            try:
                if self._task is None:
                    await self._take()
                    self._task = asyncio.create_task(self._keep())
            except BaseException:
                await self.leave(changed)
                raise

    async def leave(self, changed: Callable[[], object]) -> None:
        """Use it no more; the last user gives every lease back."""
        self._users.remove(changed)
        if self._users:
            return
        _forget(self)
        self._stopping.set()
        # What is not given back in time ends by itself.
        with suppress(TimeoutError, NotLeased):
            async with asyncio.timeout(GIVE_BACK_S):
                await self._give_back()
        await self._token.close()
        await self._client.aclose()

    async def _give_back(self) -> None:
        if self._task:
            await self._task
        for lease_id in (*self._before, *([self._lease.lease_id] if self._lease else ())):
            await self._ask("PUT", f"sys/leases/revoke/{quote(lease_id)}")

    async def _take(self) -> None:
        lease, token = await self._ask("GET", self._where.path)
        data = lease.data or {}
        if not (data.get("username") and data.get("password")) or lease.lease_duration < 1:
            raise NotLeased(f"{self._where.path} at {self._where.access.address} leases no login")
        if self._lease:
            self._before = [*self._before, self._lease.lease_id][-_BEFORE_MAX:]
        self._login, self._lease = Login(data["username"], data["password"]), lease
        self._leased_with = token
        for changed in self._users:
            changed()

    async def replaced(self, failed: Login) -> Login:
        """The login to use instead of one that PostgreSQL does not let in any more. Raises NotLeased."""
        async with self._starting:
            if failed == self.login:
                await self._take()
            return self.login

    async def _keep(self) -> None:
        """Renew and change over until the last user leaves. What fails is logged and tried again."""
        pause_ms = self._pause_ms(self._lease)
        while not await self._told_to_stop(pause_ms):
            try:
                pause_ms = await self._renewed_ms()
            except Exception as error:
                pause_ms = min(pause_ms, RETRY_MS)
                _log.warning("login_not_leased", error=str(error), user=self.login.user)

    async def _told_to_stop(self, pause_ms: int) -> bool:
        pause_s = pause_ms * 0.001
        try:
            await asyncio.wait_for(self._stopping.wait(), pause_s)
        except TimeoutError:
            return False
        return True

    async def _renewed_ms(self) -> int:
        """Renew the lease, or take another; answers when to do so again."""
        async with self._starting:
            lease = self._lease
            if lease and lease.renewable:
                with suppress(NotLeased):
                    body = {"lease_id": lease.lease_id, "increment": lease.lease_duration}
                    given, token = await self._ask("POST", "sys/leases/renew", body=body)
                    is_ours = token == self._leased_with
                    if is_ours and is_as_long(given.lease_duration, lease.lease_duration):
                        return self._pause_ms(given)
            await self._take()
        _log.info("login_changed", user=self.login.user)
        return self._pause_ms(self._lease)

    def _pause_ms(self, lease: _Lease | None) -> int:
        """Until the lease or our token is to be renewed, whichever is sooner; a tenth of a second at least."""
        pause_ms = two_thirds_ms(lease.lease_duration) if lease else RETRY_MS
        due_ms = self._token.due_ms
        return pause_ms if due_ms is None else max(min(pause_ms, due_ms), _PAUSE_MS_MIN)

    async def _ask(self, method: str, path: str, *, body: Any = None) -> tuple[_Lease, str]:
        """What OpenBao answers, and the token it was asked with. Raises NotLeased, which never says what came back."""
        at = self._where.access
        try:
            token = await self._token.get()
        except BaoRefused as error:
            raise NotLeased(str(error)) from None
        try:
            content = await ask(
                self._client, method, f"{at.address}/v1/{path}", body=body, token=token
            )
            return msgspec.json.decode(content or b"{}", type=_Lease), token
        except BaoRefused as error:
            if error.status == 403:
                self._token.forget()
            raise NotLeased(
                f"OpenBao at {at.address} {error} at {path.partition('/creds/')[0]}: start or unseal it, or look at "
                f"{at.where_to_look}"
            ) from None
        except msgspec.MsgspecError:
            raise NotLeased(
                f"what answers at {at.address} is no OpenBao, or another release of it"
            ) from None


_held: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Where, Leased]]" = WeakKeyDictionary()


def _forget(leased: Leased) -> None:
    for held in _held.values():
        for where, one in tuple(held.items()):
            if one is leased:
                del held[where]


def leased_for(url: str, environment: Mapping[str, str] | None = None) -> Leased | None:
    """What leases the login of a URL that has none: one for all databases of this process. None without the setting.

    Raises ValueError for settings that cannot be used.
    """
    where = where_of(os.environ if environment is None else environment)
    if where is None or has_login(url):
        return None
    held = _held.setdefault(asyncio.get_running_loop(), {})
    if where not in held:
        held[where] = Leased(where)
    return held[where]


def where_of(given: Mapping[str, str]) -> Where | None:
    """Read the settings of leased logins; None where they are not wanted. Raises ValueError."""
    text = given.get(SETTING, "")
    if not text:
        return None
    match = _ROLE.fullmatch(text)
    if not match:
        raise ValueError(
            f"{SETTING} is such as openbao:database/creds/tallystick-ledger, not {text!r}"
        )
    return Where(access=access_of(given, setting=SETTING), path=match[1])


def has_login(url: str) -> bool:
    """Whether a URL of PostgreSQL names who logs in."""
    return "@" in urlsplit(url).netloc


def demand_no_login(urls: Mapping[str, str], environment: Mapping[str, str] | None = None) -> None:
    """Raise ValueError when logins are leased and a URL, by the setting that has it, brings one of its own."""
    if where_of(os.environ if environment is None else environment) is None:
        return
    for setting, url in urls.items():
        if not url or has_login(url):
            raise ValueError(
                f"{SETTING} leases the login, so {setting} says where PostgreSQL is without one: "
                "postgresql://host:port/database"
            )
