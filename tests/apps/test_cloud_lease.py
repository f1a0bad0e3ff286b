"""The lease of an apply: whoever loses it is told to end, whatever the platform says or does not say."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.apps.cli import cloud_states
from tallystick.apps.cli.cloud_states import MARGIN_S, DoorStates
from tallystick.governance.adapters.terraform.stopping import Stop
from tallystick.kernel.instants import SECOND, render
from tallystick.runtime.client import Answer, NothingAnswers, NotSafe


class Heard(Stop):
    """A stop that a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def ask(self, why: str) -> None:
        super().ask(why)
        self.asked.set()


def lent(*, for_s: int) -> dict[str, Any]:
    """Give an apply that was begun at the first second of 1970 by the platform's clock."""
    return {"apply": "apl_one", "began_at": render(0), "until": render(for_s * SECOND)}


def stopped(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Answer], *, for_s: int) -> str:
    """Hold a lease that is asked for at once, until somebody asks for the end; give why."""
    monkeypatch.setattr(cloud_states, "request", lambda *_, **__: answer())
    monkeypatch.setattr(cloud_states, "AGAIN_S", 0)
    states = DoorStates(url="http://127.0.0.1:1", key="k", estate="staging-aws", token="t")
    stop = Heard()
    with states.extended(lent(for_s=for_s), stop=stop, since_s=time.monotonic(), every_s=0):
        assert stop.asked.wait(20)
    return stop.why


def _refused() -> Answer:
    body = json.dumps({"code": "lease_not_accepted", "detail": "it has ended"}).encode()
    return Answer(409, "application/problem+json", body)


def _silent() -> Answer:
    raise NothingAnswers("refused")


def _unsafe() -> Answer:
    raise NotSafe("another certificate")


def test_a_lease_that_the_door_does_not_accept_ends_the_apply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = stopped(monkeypatch, _refused, for_s=900)
    assert said == "the lease is lost (lease_not_accepted: it has ended)"


def test_a_lease_that_nobody_extends_ends_the_apply_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = stopped(monkeypatch, _silent, for_s=MARGIN_S + 1)
    assert said == "the lease was not extended before its end"


def test_whatever_goes_wrong_is_said_and_does_not_end_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "NotSafe: another certificate" in stopped(monkeypatch, _unsafe, for_s=900)


def test_a_lease_that_is_extended_lasts_as_long_as_the_door_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([900, 1800])

    def extended() -> Answer:
        until = next(answers, None)
        if until is None:
            return _refused()
        return Answer(200, "application/json", json.dumps(lent(for_s=until)).encode())

    assert "lease_not_accepted" in stopped(monkeypatch, extended, for_s=MARGIN_S + 900)
