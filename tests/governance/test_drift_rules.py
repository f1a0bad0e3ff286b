"""The rules of the repository on what clouds do by themselves, and what of drift stays the same from look to look."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tallystick.governance.adapters.reports.drift import digest
from tallystick.governance.model.drift.comparing import Manner, changed
from tallystick.governance.model.drift.finding import Grounds, find
from tallystick.governance.model.drift.reading import Moved, Refreshed
from tallystick.governance.model.drift.values import Difference
from tallystick.governance.model.values import Estate, Resource
from tallystick.kernel.instants import SECOND
from tests.governance import tampering_aws, tampering_azure, tampering_gcp
from tests.governance.drifting import POLICIES, rules

AT = 1_800_000_000 * SECOND
VAULT = "https://calm.vault.azure.net"
KEY = {
    "id": f"{VAULT}/keys/main/1",
    "version": "1",
    "versionless_id": f"{VAULT}/keys/main",
    "resource_id": "/keys/main/versions/1",
    "n": "one",
    "public_key_pem": "one",
    "public_key_openssh": "one",
    "expiration_date": "2027-01-01T00:00:00Z",
    "rotation_policy": [{"expire_after": "P120D"}],
}
ROTATED = {
    "id": f"{VAULT}/keys/main/2",
    "version": "2",
    "resource_id": "/keys/main/versions/2",
    "n": "two",
    "public_key_pem": "two",
    "public_key_openssh": "two",
    "expiration_date": "2027-05-01T00:00:00Z",
}


def _found(
    type_: str, before: dict[str, Any], after: dict[str, Any], key: bytes = b"k"
) -> Difference:
    resource = Resource(address=f"{type_}.a", type=type_, name="a", values=before, target="double")
    live = replace(resource, values=after)
    known, now = (
        Estate(cloud="azure", environment="staging", moment="live", resources=(each,))
        for each in (resource, live)
    )
    moved = Moved(
        resource=resource,
        changed=changed(before=before, after=after, manner=Manner(key=key)),
        after=after,
    )
    refreshed = Refreshed(known=known, live=now, heard=now, moved=(moved,))
    grounds = Grounds(rules=rules(), at=AT)
    (difference,) = find(refreshed=refreshed, strangers=(), grounds=grounds).differences
    return difference


@pytest.mark.parametrize(
    ("more", "sort"),
    [
        (ROTATED, "approved"),
        ({"expiration_date": "2099-01-01T00:00:00Z"}, "unexplained"),
        ({**ROTATED, "rotation_policy": []}, "unexplained"),
        ({**ROTATED, "key_opts": ["sign"]}, "unexplained"),
    ],
    ids=["rotated", "its end alone", "its policy too", "what it may too"],
)
def test_a_key_that_azure_rotates_is_explained_and_told(more: dict[str, Any], sort: str) -> None:
    assert _found("azurerm_key_vault_key", KEY, {**KEY, **more}).sort == sort


def test_a_new_version_of_a_secret_is_explained_and_another_value_is_not() -> None:
    before = {"id": "s/1", "version": "1", "resource_id": "r/1", "value": "first"}
    after = {**before, "id": "s/2", "version": "2", "resource_id": "r/2"}
    assert _found("azurerm_key_vault_secret", before, after).sort == "approved"
    told = _found("azurerm_key_vault_secret", before, {**after, "value": "other"})
    assert told.sort == "unexplained"


def test_the_digest_of_drift_that_hides_a_secret_is_the_same_in_every_look() -> None:
    before = {"id": "d", "password": "first", "size": 1}
    first, again = (
        _found("aws_db_instance", before, {**before, "password": "other", "size": 2}, key=key)
        for key in (b"one look", b"another")
    )
    assert first.changed != again.changed, "each look has a key of its own"
    assert digest(first) == digest(again)
    other = _found("aws_db_instance", before, {**before, "password": "other", "size": 3})
    assert digest(other) != digest(first)


def test_the_docs_count_the_tamperings_as_they_are() -> None:
    told = (POLICIES.parent / "docs" / "concepts" / "drift.md").read_text()
    counted = re.findall(r"^\| (\S.*?) \| (\d+) \| \d \| `pytest ", told, re.MULTILINE)
    tables = {
        "AWS": tampering_aws.TAMPERINGS,
        "Azure": tampering_azure.TAMPERINGS,
        "Google Cloud": tampering_gcp.TAMPERINGS,
    }
    assert {cloud: int(number) for cloud, number in counted} == {
        cloud: len(table) for cloud, table in tables.items()
    }
