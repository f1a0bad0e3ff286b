"""A door of tests and two processes in one: one that serves it, and one that knocks with a key."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.runtime import deadlines
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.edge import Manners, build_app
from tallystick.runtime.far import Client, door_routes, far, read_peers
from tallystick.runtime.signatures import Signer

URL, HERE = "http://127.0.0.1:8480", "127.0.0.1:8480"
DOOR, PATH = "runtime.Clerk", "/doors/runtime/Clerk/count"
CALLER = Caller(
    tenant_id=7, actor="per_ana", request="req_1", origin="192.0.2.1", session="ses_1", decision="dec_1",
    caps=(Cap(name="del_1", asset="EUR", slot="2026-11-28", most=10**18),), sees=("customers:...",),
    scope=("pay",),
)  # fmt: skip


class TillEmpty(Problem):
    """A refusal of this door."""

    code = "till_is_empty"
    kind = Kind.CONFLICT
    retry = Retry.SAME


class Refused(Problem):
    """A refusal of a closed list of codes, one each."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: how the clerk should behave, and with how much."""

    how: str = "well"
    content: bytes = b""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, what came, and how much time there was."""

    caller: Caller
    content: bytes
    left_ms: int | None


class Clerk(Protocol):
    """A door of tests."""

    async def count(self, *, caller: Caller, message: Count) -> Counted:
        """Count."""
        ...

    async def discard(self, *, caller: Caller, message: Count) -> None:
        """Answer nothing."""
        ...


class ClerkService:
    """A clerk who does as told, and remembers how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.was_cancelled = False

    async def count(self, *, caller: Caller, message: Count) -> Counted:
        self.asked += 1
        match message.how:
            case "refuse":
                problem = TillEmpty("There is nothing left.", {"till": "2"})
                problem.replayed = True
                raise problem
            case "refuse by list":
                raise Refused("One of many.", code="till_of_many")
            case "fail":
                raise RuntimeError("a secret")
            case "be away":
                raise ConnectionError("a secret")
            case "sleep":
                await self._sleep()
        content = bytes(40 * 1024 * 1024) if message.how == "much" else message.content
        if message.how == "too much":
            content = bytes(50 * 1024 * 1024)
        return Counted(caller=caller, content=content, left_ms=deadlines.time_left_ms())

    async def discard(self, *, caller: Caller, message: Count) -> None:
        self.asked += 1

    async def _sleep(self) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


class InHand(Client):
    """Connections to an application in this process; what was sent stays here."""

    def __init__(self, app: Any) -> None:
        self.sent: list[httpx.Request] = []
        self.change: Callable[[httpx.Request], None] = lambda _: None
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            event_hooks={"request": [self._note]},
        )

    async def _note(self, request: httpx.Request) -> None:
        self.sent.append(request)
        self.change(request)

    async def send_again(self, number: int = -1) -> httpx.Response:
        """Send what was sent before."""
        return await self._http.send(self.sent[number])

    async def ask(self, method: str, path: str, **words: Any) -> httpx.Response:
        """Ask anything."""
        return await self._http.request(method, URL + path, **words)


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public key as a file of peers has it."""
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """The private key as a process reads it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def peers_file(
    *peers: tuple[str, Ed25519PrivateKey, dict[str, list[str]]], here: str = HERE
) -> str:
    """A file of peers: name, key, and what each may call for whom."""
    parts = [f'here = ["{here}"]\n']
    for name, key, may_call in peers:
        doors = ", ".join(f'"{door}" = {whom}' for door, whom in may_call.items())
        parts.append(
            f'[[peer]]\nname = "{name}"\npublic_key = """\n{public_pem(key)}"""\nmay_call = {{ {doors} }}\n'
        )
    return "".join(parts).replace("'", '"')


class Ground:
    """A process that serves the clerk, and one that knocks."""

    def __init__(
        self,
        *for_whom: str,
        door: str = DOOR,
        manners: Manners | None = None,
        tenants: tuple[str, ...] = (),
    ) -> None:
        self.clock, self.clerk, self.spent = SystemClock(), ClerkService(), set[str]()
        self.key = Ed25519PrivateKey.generate()
        text = peers_file(("wallets", self.key, {door: list(for_whom or ("edge",))}))
        bound = f"tenants = {list(tenants)}\n".replace("'", '"') if tenants else ""
        peers = read_peers((text + bound).encode())
        routes = door_routes(
            [(Clerk, self.clerk)], peers=peers, spends={"runtime": self._spend}, clock=self.clock
        )
        self.app = build_app(
            routes=routes, authenticate=nobody, title="Far", version="1", manners=manners
        )
        self.client = InHand(self.app)
        self.signer = Signer(key=self.key, clock=self.clock, chance=secrets.token_bytes)
        self.door = self.knocking()

    def knocking(self, *, signer: Signer | None = None, **words: Any) -> Clerk:
        """The door, as it is asked from the other process."""
        return far(Clerk, url=URL, signer=signer or self.signer, client=self.client, **words)

    async def _spend(self, value: str, until: int) -> bool:
        assert 0 < until - self.clock.now() <= 65_000_000
        is_first = value not in self.spent
        self.spent.add(value)
        return is_first


async def nobody(*_: Any) -> Caller:
    """An authenticator that must not be asked."""
    raise AssertionError("doors between processes are not asked for an Authorization")


Asking = Callable[[], Awaitable[Any]]
