"""No answer that holds a secret is kept for whoever repeats a request."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tallystick.apps import compose
from tallystick.runtime.configuration import Settings
from tallystick.runtime.routes import Route

SECRETS = {
    "access_token", "code", "codes", "key", "otpauth", "otpauth_uri", "password", "recovery_codes", "refresh_token",
    "secret", "session", "token", "uri",
}  # fmt: skip


@pytest.fixture
def routes(monkeypatch: pytest.MonkeyPatch) -> list[Route]:
    """Every route of the platform."""
    found: list[Route] = []

    def build(*, routes: list[Route], **_: Any) -> None:
        found.extend(routes)

    monkeypatch.setattr(compose, "build_app", build)
    compose.Platform(url="postgresql://x:y@127.0.0.1:1/z", settings=Settings()).app()
    return found


def secrets_of(route: Route) -> Iterator[str]:
    if isinstance(route.answer, type) and issubclass(route.answer, msgspec.Struct):
        yield from SECRETS.intersection(route.answer.__struct_fields__)


def test_the_rule_sees_a_key(routes: list[Route]) -> None:
    (made,) = (one for one in routes if (one.method, one.path) == ("POST", "/v1/keys"))
    assert list(secrets_of(made)) == ["key"]
    assert made.shows_secret


def test_every_write_whose_answer_holds_a_secret_says_so(routes: list[Route]) -> None:
    assert [
        f"{route.method} {route.path}: {secret}"
        for route in routes
        if route.method != "GET" and not route.public and not route.shows_secret
        for secret in secrets_of(route)
    ] == []
