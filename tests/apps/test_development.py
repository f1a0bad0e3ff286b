"""The development issuer does not start where it must not, and settings say so before anything else does."""

from typing import Any

import pytest

from tallystick.apps.development import DevelopmentIssuer
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
