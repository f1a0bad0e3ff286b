"""Azure's kinds against our doubles and Azurite: what is made reads back, changes, is listed and goes again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tallystick.governance.adapters.live.azure import KINDS, SERVICES
from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.azure.kinds import Live
from tallystick.governance.adapters.live.azure.networks import KINDS as NETWORKS
from tallystick.governance.adapters.live.rest.client import TRIES_MAX
from tallystick.governance.adapters.provider.targets import Target, TargetRefused
from tests.doubles.serving import Answer, Fault
from tests.governance import servers
from tests.governance.azure_serving import CREDENTIALS, SUBSCRIPTION, Served, serving_azure
from tests.governance.live_azure import ASKED, CHANGED, GROUP, RULE, VAULT
from tests.governance.live_gcp import said
from tests.governance.targets import TOKEN

Values = dict[str, Any]
BY_VAULT = [each for each in ASKED if SERVICES[each] == "vault"]


class Made:
    """Everything made, by its type, and the target that has it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.made = {kind: self.target(kind).create(kind, dict(ASKED[kind])) for kind in ASKED}

    def target(self, kind: str) -> Target:
        target = KINDS[kind](self.served.setting)
        assert target is not None, f"{kind} has no target"
        return target


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch, serving_azure() as served:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        served.manager.slow["microsoft.keyvault/vaults"] = 1
        yield Made(served)


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_made_reads_back_as_it_was_asked_for(made: Made, kind: str) -> None:
    told = made.made[kind]
    assert said(ASKED[kind], told), told
    assert told["id"]
    assert made.target(kind).read(kind, told) == told


@pytest.mark.parametrize("kind", [each for each in ASKED if each not in BY_VAULT])
def test_an_id_is_enough_to_find_it(made: Made, kind: str) -> None:
    told = made.target(kind).read(kind, {"id": made.made[kind]["id"]})
    assert told is not None
    assert told["id"] == made.made[kind]["id"]


@pytest.mark.parametrize("kind", ASKED)
def test_it_is_listed_with_what_it_is(made: Made, kind: str) -> None:
    ids = [each["id"] for each in made.target(kind).list(kind)]
    assert ids.count(made.made[kind]["id"]) == 1


@pytest.mark.parametrize("kind", CHANGED)
def test_it_is_changed_in_place(made: Made, kind: str) -> None:
    target, prior = made.target(kind), made.made[kind]
    told = target.update(kind, prior, {**prior, **CHANGED[kind]})
    assert said(CHANGED[kind], told), told
    assert target.read(kind, told) == told
    back = target.update(kind, told, {**prior, "id": told["id"], "version": told.get("version")})
    assert said({name: prior[name] for name in CHANGED[kind]}, back), back
    made.made[kind] = back


def test_everything_is_tried_here() -> None:
    assert set(KINDS) == set(ASKED)


def test_rules_apart_are_left_to_those_who_wrote_them(made: Made) -> None:
    kind = "azurerm_network_security_group"
    told = made.target(kind).read(kind, made.made[kind])
    assert told is not None
    assert told["security_rule"] == []
    (whole,) = [each for each in made.target(kind).list(kind) if each["name"] == "wall"]
    assert [each["name"] for each in whole["security_rule"]] == ["rule"]


def test_what_stands_there_already_is_not_made_again(made: Made) -> None:
    for kind in ("azurerm_key_vault", "azurerm_key_vault_secret"):
        with pytest.raises(TargetRefused, match="import it"):
            made.target(kind).create(kind, ASKED[kind])


def test_a_deleted_secret_is_recovered_when_it_is_made_again(made: Made) -> None:
    kind, target = "azurerm_key_vault_secret", made.target("azurerm_key_vault_secret")
    wanted = {**ASKED[kind], "name": "again"}
    target.delete(kind, target.create(kind, wanted))
    assert target.read(kind, wanted) is None
    told = target.create(kind, {**wanted, "value": "second"})
    assert told["value"] == "second"


def test_a_secret_that_is_switched_off_gives_no_value(made: Made) -> None:
    kind, target = "azurerm_key_vault_secret", made.target("azurerm_key_vault_secret")
    told = target.create(kind, {**ASKED[kind], "name": "off"})
    with made.served.hand() as hand:
        path, query = f"/vaults/vault/secrets/off/{told['version']}", {"api-version": "7.4"}
        hand("vault").patch(path, params=query, json={"attributes": {"enabled": False}})
    seen = target.read(kind, told)
    assert seen is not None
    assert seen["value"] is None


def test_a_making_that_fails_is_taken_away_again(made: Made) -> None:
    kind = "azurerm_network_security_rule"
    failed = {"id": "x", "properties": {"provisioningState": "Failed"}}
    place = "securityRules/half$"
    faults = (
        Fault(answer=Answer(status=404), method="GET", path=place),
        Fault(answer=Answer(body=failed), method="GET", path=place),
    )
    for fault in faults:
        made.served.manager.spoil(fault)
    group = {"resource_group_name": "group", "network_security_group_name": "wall"}
    with pytest.raises(TargetRefused, match="activity log"):
        made.target(kind).create(kind, {**RULE, **group, "name": "half"})
    ids = [each["id"] for each in made.target(kind).list(kind)]
    assert not [each for each in ids if each.endswith("/half")]


@pytest.mark.parametrize(
    ("status", "words"), [(401, "get a new one"), (403, "ask for the role"), (429, "wait a minute")]
)
def test_a_refusal_says_how_to_go_on(made: Made, status: int, words: str) -> None:
    pauses: list[int] = []
    manager = made.served.manager
    error = {"error": {"code": "X", "message": "no, not you"}}
    manager.spoil(Fault(answer=Answer(status=status, body=error), times=TRIES_MAX, path="refused"))
    azure, live = _groups_at(manager.url, pauses)
    with pytest.raises(TargetRefused, match=f"no, not you.*{words}"):
        live.read("azurerm_resource_group", {"name": "refused"})
    azure.close()
    manager.faults.clear()
    assert len(pauses) == (TRIES_MAX - 1 if status == 429 else 0)


def test_a_server_that_is_down_is_told_after_few_tries() -> None:
    pauses: list[int] = []
    azure, live = _groups_at(f"http://127.0.0.1:{servers.free_port()}", pauses)
    with pytest.raises(TargetRefused, match=r"does not answer.*run the same again"):
        live.read("azurerm_resource_group", {"name": "group"})
    azure.close()
    assert len(pauses) == TRIES_MAX - 1


def test_what_has_no_endpoint_goes_to_the_store(made: Made) -> None:
    setting = {**made.served.setting, "endpoints": {"management": made.served.manager.url}}
    assert KINDS["azurerm_key_vault_secret"](setting) is None
    assert KINDS["azurerm_storage_container"](setting) is None


def test_everything_can_be_deleted_and_deleted_again(made: Made) -> None:
    for kind in [each for each in reversed(ASKED) if each != "azurerm_resource_group"]:
        target, values = made.target(kind), made.made[kind]
        target.delete(kind, values)
        target.delete(kind, values)
        if values.get("key_vault_id") != VAULT:
            assert target.read(kind, values) is None, kind
    group = made.target("azurerm_resource_group")
    group.delete("azurerm_resource_group", made.made["azurerm_resource_group"])
    assert not [each for each in made.served.manager.held if each.startswith(GROUP.casefold())]


def _groups_at(url: str, pauses: list[int]) -> tuple[Azure, Live]:
    azure = Azure(
        subscription=SUBSCRIPTION,
        endpoints={"management": url},
        token=lambda _scope: TOKEN,
        pause=pauses.append,
    )
    return azure, Live(azure=azure, kind=NETWORKS["azurerm_resource_group"])
