"""The double of Key Vault keeps what its documentation says of versions, deletion and refusals."""

from collections.abc import Iterator

import httpx
import pytest

from tests.doubles.key_vault import KeyVault
from tests.doubles.serving import Answer, Fault

VERSION = {"api-version": "7.4"}


@pytest.fixture(scope="module")
def vault() -> Iterator[KeyVault]:
    double = KeyVault(tokens={"good": "somebody"})
    double.start()
    yield double
    double.stop()


@pytest.fixture(scope="module")
def asking(vault: KeyVault) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer good"}
    with httpx.Client(base_url=vault.url, params=VERSION, headers=headers, timeout=10) as client:
        yield client


def test_a_request_without_a_token_is_challenged(vault: KeyVault) -> None:
    answer = httpx.get(f"{vault.url}/secrets", params=VERSION)
    assert answer.status_code == 401
    assert 'resource="https://vault.azure.net"' in answer.headers["WWW-Authenticate"]


def test_a_request_without_a_version_of_the_interface_is_refused(vault: KeyVault) -> None:
    answer = httpx.get(f"{vault.url}/secrets", headers={"Authorization": "Bearer good"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")


def test_setting_a_secret_twice_makes_two_versions(asking: httpx.Client) -> None:
    first = asking.put("/secrets/twice", json={"value": "one"}).json()
    second = asking.put("/secrets/twice", json={"value": "two"}).json()
    assert asking.get("/secrets/twice").json()["value"] == "two"
    assert asking.get(httpx.URL(first["id"]).path).json()["value"] == "one"
    listed = asking.get("/secrets/twice/versions").json()["value"]
    assert [each["id"] for each in listed] == [first["id"], second["id"]]
    assert all("value" not in each for each in listed)


def test_a_disabled_version_is_listed_and_never_given(asking: httpx.Client) -> None:
    made = httpx.URL(asking.put("/secrets/off", json={"value": "x"}).json()["id"]).path
    changed = asking.patch(made, json={"attributes": {"enabled": False}}).json()
    assert changed["attributes"]["enabled"] is False
    assert "value" not in changed
    refused = asking.get(made)
    assert refused.status_code == 403
    assert refused.json()["error"]["innererror"]["code"] == "SecretDisabled"


def test_a_deleted_secret_keeps_its_name_until_it_is_purged(asking: httpx.Client) -> None:
    asking.put("/secrets/gone", json={"value": "x"})
    assert asking.delete("/secrets/gone").json()["scheduledPurgeDate"]
    assert asking.get("/secrets/gone").status_code == 404
    assert asking.put("/secrets/gone", json={"value": "y"}).status_code == 409
    assert asking.post("/deletedsecrets/gone/recover").status_code == 200
    assert asking.get("/secrets/gone").json()["value"] == "x"
    asking.delete("/secrets/gone")
    assert asking.delete("/deletedsecrets/gone").status_code == 204
    assert asking.put("/secrets/gone", json={"value": "y"}).status_code == 200


def test_pages_lead_to_the_end(asking: httpx.Client) -> None:
    for each in range(5):
        asking.put(f"/vaults/many/secrets/s{each}", json={"value": "x"})
    page = asking.get("/vaults/many/secrets", params={"maxresults": "2"}).json()
    names = [each["id"].rsplit("/", 1)[1] for each in page["value"]]
    for _ in range(5):
        if page["nextLink"]:
            page = httpx.get(page["nextLink"], headers=asking.headers).json()
            names += [each["id"].rsplit("/", 1)[1] for each in page["value"]]
    assert names == ["s0", "s1", "s2", "s3", "s4"]


def test_a_rotated_key_has_a_new_version_and_its_policy(asking: httpx.Client) -> None:
    first = asking.post("/keys/k/create", json={"kty": "RSA", "key_size": 3072}).json()["key"]
    assert asking.get("/keys/k/rotationpolicy").json()["attributes"]["expiryTime"] is None
    action = {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}
    policy = {"lifetimeActions": [action], "attributes": {"expiryTime": "P120D"}}
    asking.put("/keys/k/rotationpolicy", json=policy)
    second = asking.post("/keys/k/rotate").json()["key"]
    assert second["kid"] != first["kid"]
    assert second["n"] == first["n"]
    assert asking.get("/keys/k/rotationpolicy").json()["lifetimeActions"] == [action]


def test_a_fault_spoils_as_many_answers_as_were_asked_for(
    vault: KeyVault, asking: httpx.Client
) -> None:
    asking.put("/secrets/spoilt", json={"value": "x"})
    vault.spoil(Fault(answer=Answer(status=429), times=2, path="spoilt"))
    seen = [asking.get("/secrets/spoilt").status_code for _ in range(3)]
    assert seen == [429, 429, 200]
