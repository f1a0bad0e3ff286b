"""Secrets for tests."""

from typing import Any

import msgspec

from tallystick.governance.model.homes import Place
from tallystick.governance.model.secrets import SecretSpec

PLACE = Place(environment="production", name="database-login")
WRITTEN: dict[str, Any] = {
    "name": "database-login",
    "what": "the login of a part that leases none",
    "class": "secret",
    "owner": "platform",
    "kind": "postgres_role",
    "primary": "openbao",
    "homes": {"development": [], "staging": ["aws"], "production": ["aws", "gcp"]},
    "consumers": ["ledger", "payments"],
    "rotate_after": "90d",
    "grace": "1d",
    "max_age": "120d",
    "roles": ["tallystick_a", "tallystick_b"],
}


def spec_of(**changes: Any) -> SecretSpec:
    """Give a secret of the list, with changes."""
    return msgspec.convert(WRITTEN | changes, SecretSpec)


def random_spec(**changes: Any) -> SecretSpec:
    """Give a secret that is chance, so that its homes are all that knows it."""
    return spec_of(**({"kind": "random", "roles": []} | changes))
