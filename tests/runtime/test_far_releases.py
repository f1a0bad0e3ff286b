"""Two processes of two releases at one door: whoever is asked is the newer one, or says that it is not."""

import secrets
from typing import Any, Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from tallystick.kernel.actions import unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.messages import Message
from tallystick.kernel.tags import unrecorded
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.edge import build_app
from tallystick.runtime.far import door_routes, far, read_peers
from tallystick.runtime.refusals import TemporarilyUnavailable
from tallystick.runtime.signatures import Signer
from tests.runtime.far_ground import URL, InHand, nobody, peers_file

CALLER = Caller(tenant_id=7, actor="per_ana")
DOOR = "runtime.Till"


class Pay(Message, frozen=True, kw_only=True):
    """A message of a release."""

    amount: int


class Paid(Message, frozen=True, kw_only=True):
    """Its answer."""

    amount: int


class NewerPay(Message, frozen=True, kw_only=True):
    """The message of the next release."""

    amount: int
    purpose: str | None = None


class NewerPaid(Message, frozen=True, kw_only=True):
    """Its answer, which says more."""

    amount: int
    purpose: str | None = None


class Till(Protocol):
    @unguarded("a door of tests")
    @unrecorded("a door of tests")
    async def pay(self, *, caller: Caller, message: Pay) -> Paid: ...


class NewerTill(Protocol):
    @unguarded("a door of tests")
    @unrecorded("a door of tests")
    async def pay(self, *, caller: Caller, message: NewerPay) -> NewerPaid: ...


NewerTill.__name__ = Till.__name__


class TillService:
    """Counts what it is paid."""

    def __init__(self) -> None:
        self.paid: list[int] = []

    async def pay(self, *, caller: Caller, message: Any) -> Paid | NewerPaid:
        self.paid.append(message.amount)
        if isinstance(message, NewerPay):
            return NewerPaid(amount=message.amount, purpose=message.purpose or "none was told")
        return Paid(amount=message.amount)


def between(asking: type[Any], asked: type) -> tuple[Any, TillService]:
    """The door as one release asks it, and what stands behind it in the other."""
    clock, key, service = SystemClock(), Ed25519PrivateKey.generate(), TillService()
    peers = read_peers(peers_file(("wallets", key, {DOOR: ["edge"]})).encode())

    async def spend(value: str, until: int) -> bool:
        return True

    routes = door_routes([(asked, service)], peers=peers, spends={"runtime": spend}, clock=clock)
    app = build_app(routes=routes, authenticate=nobody, title="Far", version="1")
    signer = Signer(key=key, clock=clock, chance=secrets.token_bytes)
    return far(asking, url=URL, signer=signer, client=InHand(app)), service


async def test_an_older_caller_is_served_by_a_newer_process() -> None:
    till, service = between(Till, NewerTill)
    assert await till.pay(caller=CALLER, message=Pay(amount=5)) == Paid(amount=5)
    assert service.paid == [5]


async def test_a_newer_caller_is_served_by_an_older_process_what_that_knows() -> None:
    till, service = between(NewerTill, Till)
    assert await till.pay(caller=CALLER, message=NewerPay(amount=5)) == NewerPaid(amount=5)
    assert service.paid == [5]


async def test_what_an_older_process_does_not_know_is_refused_and_not_done() -> None:
    till, service = between(NewerTill, Till)
    with capture_logs() as logs, pytest.raises(TemporarilyUnavailable):
        await till.pay(caller=CALLER, message=NewerPay(amount=5, purpose="rent"))
    assert service.paid == []
    (lost,) = [log for log in logs if log["event"] == "far_door_lost"]
    assert "unknown field `purpose`" in lost["because"]
