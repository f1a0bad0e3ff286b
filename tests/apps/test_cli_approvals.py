"""What the command line shows of an approval before somebody agrees to it."""

from types import SimpleNamespace
from typing import Any

import pytest

from tallystick.apps.cli import approvals


@pytest.mark.parametrize(
    ("asset", "said"),
    [
        ("EUR", "amount   7000 minor units of EUR (70.00 EUR by ISO 4217)\n"),
        ("POINTS", "amount   7000 minor units of POINTS\n"),
    ],
)
def test_an_amount_is_shown_as_people_read_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asset: str, said: str
) -> None:
    shown: dict[str, Any] = {
        "approval": "apr_1", "status": "waiting", "expires_at": "2026-11-29T09:30:00Z", "sentence": "A sentence.",
        "asked": {"amount": "7000", "asset": asset}, "wants_passkey": False,
    }  # fmt: skip
    answer = SimpleNamespace(json=lambda: shown)
    monkeypatch.setattr(approvals, "ask", lambda *_, **__: answer)
    approvals.show("apr_1", mine=False)
    assert said in capsys.readouterr().out
