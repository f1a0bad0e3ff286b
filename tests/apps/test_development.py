"""The development issuer does not start where it must not, and settings say so before anything else does."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tallystick.apps.development import DevelopmentIssuer
from tallystick.apps.development_people import LOCKED, LOCKED_OUT, NOT_TAKEN, Asking, people
from tallystick.identity.model import totp
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings, read_settings


@pytest.mark.parametrize(
    "settings",
    [
        {"development": False},
        {"environment": "production"},
        {"host": "0.0.0.0"},
        {"host": "192.0.2.1"},
        {"public_url": "https://bank.example"},
        {"tls_certificate": "/etc/tls.pem"},
    ],
    ids=str,
)
def test_it_stands_on_one_machine_in_development_alone(settings: dict[str, Any]) -> None:
    assert DevelopmentIssuer(settings=Settings(development=True), clock=SystemClock()).issuer
    fields: dict[str, Any] = {"development": True, **settings}
    with pytest.raises(ValueError, match="development issuer"):
        DevelopmentIssuer(settings=Settings(**fields), clock=SystemClock())


def test_its_keys_are_new_at_each_start() -> None:
    first, second = (
        DevelopmentIssuer(settings=Settings(development=True), clock=SystemClock())
        for _ in range(2)
    )
    assert first._key.kid != second._key.kid


def test_five_wrong_answers_lock_a_person_out_and_a_code_is_good_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path))
    asking, now = Asking(), 1_800_000_000 * SECOND
    known = people()
    assert people() == known
    owner = known["owner"]
    secret = base64.b32decode(owner.secret + "=" * (-len(owner.secret) % 8))
    code = totp.code_of(secret, totp.step_of(now))
    assert asking.refusal("owner", owner.password, code, now) == ""
    assert asking.refusal("owner", owner.password, code, now) == NOT_TAKEN
    for _ in range(4):
        assert asking.refusal("owner", "wrong", code, now + SECOND) == NOT_TAKEN
    later = now + 60 * SECOND
    code = totp.code_of(secret, totp.step_of(later))
    assert asking.refusal("owner", owner.password, code, later) == LOCKED_OUT
    assert asking.refusal("clerk", "wrong", code, later) == NOT_TAKEN
    assert asking.refusal("mallory", "", "", later) == NOT_TAKEN
    later = now + SECOND + LOCKED
    code = totp.code_of(secret, totp.step_of(later))
    assert asking.refusal("owner", owner.password, code, later) == ""


def test_settings_of_signing_in_are_read_strictly() -> None:
    plain = read_settings({})
    assert (plain.environment, plain.development, plain.country_header) == ("", False, "")
    assert not plain.allows_loopback
    assert read_settings({"TALLYSTICK_DEVELOPMENT": "1"}).allows_loopback
    assert read_settings({"TALLYSTICK_ENVIRONMENT": "development"}).allows_loopback
    assert not read_settings({"TALLYSTICK_ENVIRONMENT": "production"}).allows_loopback
    for wrong in (
        {"TALLYSTICK_ENVIRONMENT": "prod"},
        {"TALLYSTICK_DEVELOPMENT": "yes"},
        {"TALLYSTICK_ENVIRONMENT": "production", "TALLYSTICK_DEVELOPMENT": "1"},
        {"TALLYSTICK_COUNTRY_HEADER": "X Country"},
    ):
        with pytest.raises(ValueError, match="TALLYSTICK_"):
            read_settings(wrong)
