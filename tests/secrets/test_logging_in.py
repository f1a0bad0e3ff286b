"""A process logs in at a real OpenBao with its service account's token, as on Kubernetes, and needs no agent."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from tallystick.governance.adapters.homes.rest import rest_of_openbao
from tallystick.governance.model.homes import HomeDenied, HomeDown, Place
from tallystick.governance.service.secrets.acknowledging import acknowledge
from tallystick.governance.service.secrets.opening import documents_of
from tallystick.runtime import leasing
from tallystick.runtime.database import Database
from tallystick.runtime.leasing import NotLeased
from tallystick.runtime.openbao import Access, BaoRefused, BaoToken
from tests.doubles.serving import Answer, Fault
from tests.infra.kustomize import OVERLAYS, rendered
from tests.runtime.authority import Authority
from tests.secrets.bao import Bao
from tests.secrets.cluster import ISSUER, NAMESPACE, Cluster
from tests.secrets.database_mount import (
    INFRA,
    TTL_S,
    add_policy,
    database_roles,
    without_login,
)
from tests.secrets.specs import random_spec

METHODS = ("kubernetes", "jwt")
Role = Callable[..., Access]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster that reviews tokens."""
    double = Cluster()
    double.start()
    yield double
    double.stop()


@pytest.fixture
def logs_in(bao: Bao, cluster: Cluster, tmp_path: Path) -> Role:
    """Set up a method of OpenBao for processes, as the guide says; answers how the process `ledger` gets in."""

    def set_up(method: str = "kubernetes", **changes: Any) -> Access:
        mount = f"{method}-{secrets.token_hex(4)}"
        bao.ask("POST", f"sys/auth/{mount}", {"type": method})
        role = json.loads((INFRA / "kubernetes-role.json").read_text())
        if method == "kubernetes":
            reviewer = {
                "kubernetes_host": cluster.url,
                "token_reviewer_jwt": "reviewer",
                "disable_local_ca_jwt": True,
                # Asked for, though the double of a cluster is spoken to in the clear.
                "kubernetes_ca_cert": Authority(tmp_path).file.read_text(),
            }
            bao.ask("POST", f"auth/{mount}/config", reviewer)
        else:
            known = {"jwt_validation_pubkeys": [cluster.public_key], "bound_issuer": ISSUER}
            bao.ask("POST", f"auth/{mount}/config", known)
            role = {key: one for key, one in role.items() if key.startswith("token_")}
            role |= {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["openbao"]}
        bao.ask("POST", f"auth/{mount}/role/tallystick", role | changes)
        alias = f"{NAMESPACE}/ledger"
        if method == "jwt":
            alias = f"system:serviceaccount:{NAMESPACE}:ledger"
        _add_alias(bao, mount, alias)
        jwt_file = tmp_path / "service-account"
        jwt_file.write_text(cluster.token("ledger"))
        return Access(address=bao.address, role="tallystick", method=mount, jwt_file=str(jwt_file))

    return set_up


def _add_alias(bao: Bao, mount: str, alias: str) -> None:
    """Let whoever logs in by a mount under this name be the entity `ledger`."""
    accessor = bao.ask("GET", "sys/auth")["data"][f"{mount}/"]["accessor"]
    bao.ask("POST", "identity/entity/name/ledger", {})
    known = bao.ask("GET", "identity/entity/name/ledger")["data"]["id"]
    named = {"name": alias, "canonical_id": known, "mount_accessor": accessor}
    bao.ask("POST", "identity/entity-alias", named)


def lease(
    access: Access, mount: str, monkeypatch: pytest.MonkeyPatch, process: str = "ledger"
) -> None:
    """Set what a pod has set."""
    for setting, value in {
        "TALLYSTICK_DATABASE_CREDENTIALS": f"openbao:{mount}/creds/tallystick-{process}",
        "TALLYSTICK_OPENBAO_ADDRESS": access.address,
        "TALLYSTICK_OPENBAO_ROLE": access.role,
        "TALLYSTICK_OPENBAO_METHOD": access.method,
        "TALLYSTICK_OPENBAO_JWT_FILE": access.jwt_file,
    }.items():
        monkeypatch.setenv(setting, value)


async def login_of(database: Database) -> str:
    async with database.without_tenant(read_only=True) as connection:
        return await connection.fetchval("SELECT session_user")


def is_alive(bao: Bao, token: str) -> bool:
    try:
        bao.ask("GET", "auth/token/lookup-self", token=token)
    except httpx.HTTPStatusError:
        return False
    return True


@pytest.mark.parametrize("method", METHODS)
async def test_a_process_leases_its_own_login_by_its_service_account_and_no_other(
    logs_in: Role, leasing_bao: str, migrated_url: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    access, url = logs_in(method), without_login(migrated_url)
    lease(access, leasing_bao, monkeypatch)
    database = Database(url=url, role="tallystick_ledger", pool_size=1)
    await database.start()
    try:
        assert (await login_of(database)).startswith("v-")
    finally:
        await database.stop()
    lease(access, leasing_bao, monkeypatch, "identity")
    other = Database(url=url, role="tallystick_identity", pool_size=1)
    with pytest.raises(NotLeased, match=r"403.*the role tallystick of auth/"):
        await other.start()
    await other.stop()


async def test_requests_go_on_when_the_token_of_the_process_is_followed_by_another(
    logs_in: Role, leasing_bao: str, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that may not be renewed ends, and what it leased ends with it: another is leased with the next."""
    lives = {"token_period": 0, "token_ttl": f"{TTL_S}s", "token_max_ttl": f"{TTL_S}s"}
    lease(logs_in(**lives), leasing_bao, monkeypatch)
    database = Database(url=without_login(migrated_url), role="tallystick_ledger", pool_size=1)
    await database.start()
    logins, ends_at = set[str](), asyncio.get_running_loop().time() + 3 * TTL_S
    try:
        while asyncio.get_running_loop().time() < ends_at:
            logins.add(await login_of(database))
            await asyncio.sleep(0.02)
    finally:
        await database.stop()
    assert len(logins) >= 3


@pytest.mark.parametrize("method", METHODS)
async def test_many_who_ask_share_one_login_which_is_given_back(
    logs_in: Role, bao: Bao, cluster: Cluster, method: str
) -> None:
    token = BaoToken(logs_in(method))
    before = len(cluster.asked)
    held = set(await asyncio.gather(*(token.get() for _ in range(20))))
    assert len(held) == 1
    assert len(cluster.asked) - before == (1 if method == "kubernetes" else 0)
    assert token.due_ms
    assert 2_390_000 < token.due_ms <= 2_400_000
    assert is_alive(bao, *held)
    await token.close()
    assert not is_alive(bao, *held)


async def test_a_token_is_renewed_and_stays_the_same(logs_in: Role) -> None:
    token = BaoToken(logs_in(token_period="2s"))
    first = await token.get()
    for _ in range(2):
        await asyncio.sleep((token.due_ms or 0) * 0.001 + 0.01)
        assert await token.get() == first
    await token.close()


async def test_a_token_is_used_to_its_end_while_nobody_can_log_in(
    logs_in: Role, cluster: Cluster
) -> None:
    token = BaoToken(logs_in(token_period=0, token_ttl="2s", token_max_ttl="2s"))
    first = await token.get()
    fault = Fault(answer=Answer(status=500), times=1000)
    cluster.spoil(fault)
    try:
        await asyncio.sleep((token.due_ms or 0) * 0.001 + 0.01)
        assert await token.get() == first
        await asyncio.sleep((token.due_ms or 0) * 0.001 + 0.01)
        with pytest.raises(BaoRefused):
            await token.get()
    finally:
        fault.times = 0
    assert await token.get() != first
    await token.close()


async def test_a_token_that_was_ended_under_us_is_followed_by_another(
    logs_in: Role, bao: Bao, leasing_bao: str, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = logs_in()
    lease(access, leasing_bao, monkeypatch)
    monkeypatch.setattr(leasing, "RETRY_MS", 100)
    database = Database(url=without_login(migrated_url), role="tallystick_ledger", pool_size=1)
    with capture_logs() as logs:
        await database.start()
        try:
            before = after = await login_of(database)
            await asyncio.to_thread(
                bao.ask, "POST", f"sys/leases/revoke-prefix/auth/{access.method}"
            )
            for _ in range(200):
                # Whoever was on the connection that PostgreSQL ended hears so, and who asks before there is a token.
                with contextlib.suppress(
                    asyncpg.PostgresError, asyncpg.InternalClientError, NotLeased
                ):
                    after = await login_of(database)
                if after != before:
                    break
                await asyncio.sleep(0.05)
        finally:
            await database.stop()
    assert after != before
    assert Path(access.jwt_file).read_text() not in str(logs)  # noqa: ASYNC240


@pytest.mark.parametrize("method", METHODS)
async def test_who_is_no_process_of_ours_does_not_get_in(
    logs_in: Role, cluster: Cluster, method: str
) -> None:
    access = logs_in(method, **({} if method == "kubernetes" else {"bound_subject": "nobody"}))
    stranger = cluster.token("stranger")
    Path(access.jwt_file).write_text(stranger)  # noqa: ASYNC240
    token = BaoToken(access)
    with pytest.raises(BaoRefused, match=r"does not let us log in.*refuses \(40") as refused:
        await token.get()
    assert stranger not in str(refused.value)
    assert not refused.value.is_down
    Path(access.jwt_file).write_text(cluster.token("ledger", audience="the-api-server"))  # noqa: ASYNC240
    with pytest.raises(BaoRefused, match="does not let us log in"):
        await token.get()
    await token.close()


async def test_a_home_by_a_role_says_who_is_refused_and_what_is_away(
    logs_in: Role, bao: Bao, cluster: Cluster
) -> None:
    access = logs_in(token_policies=[add_policy(bao, "operators")])
    rest = rest_of_openbao(access)
    reply = await rest.ask("GET", "v1/secret/data/tallystick/production/none")
    assert reply.status == 404
    await rest.close()
    Path(access.jwt_file).unlink()  # noqa: ASYNC240
    rest = rest_of_openbao(access)
    with pytest.raises(HomeDenied, match="no token can be read"):
        await rest.ask("GET", "v1/secret/data/tallystick/production/none")
    await rest.close()
    Path(access.jwt_file).write_text(cluster.token("ledger"))  # noqa: ASYNC240
    rest = rest_of_openbao(replace(access, address="http://127.0.0.1:1"))
    with pytest.raises(HomeDown, match="run the same again"):
        await rest.ask("GET", "v1/secret/data/tallystick/production/none")
    await rest.close()


async def test_a_pod_acknowledges_for_itself_alone_with_nothing_but_its_service_account(
    logs_in: Role, bao: Bao, tmp_path: Path
) -> None:
    access = logs_in(token_policies=[add_policy(bao, "consumers")])
    homes_file = tmp_path / "homes.toml"
    homes_file.write_text(
        f'[production.openbao]\naddress = "{access.address}"\nrole = "{access.role}"\n'
        f'method = "{access.method}"\njwt_file = "{access.jwt_file}"\n'
    )
    place = Place(environment="production", name=f"webhook-{secrets.token_hex(4)}")
    spec = random_spec(name=place.name, consumers=["ledger", "on-call"])
    async with documents_of(homes_file=str(homes_file), environment="production") as documents:
        for consumer, lets in (("ledger", True), ("on-call", False)):
            asked = acknowledge(
                documents=documents, place=place, spec=spec, consumer=consumer, rotation="r", at=1
            )
            if lets:
                assert await asked
                continue
            with pytest.raises(HomeDenied):
                await asked


@pytest.mark.parametrize("changes", [{"role": ""}, {"token_file": "token"}, {"method": "../sys"}])
async def test_a_file_of_homes_that_says_no_way_or_two_ways_in_is_refused(
    changes: dict[str, str], tmp_path: Path
) -> None:
    said = {"address": "https://bao.internal:8200", "role": "tallystick"} | changes
    path = tmp_path / "homes.toml"
    path.write_text(
        "[production.openbao]\n" + "".join(f'{key} = "{one}"\n' for key, one in said.items())
    )
    with pytest.raises(ValueError, match=r"\[production.openbao\]"):
        async with documents_of(homes_file=str(path), environment="production"):
            pass


def test_every_process_may_log_in_where_the_manifests_put_it_and_the_operator_may_not() -> None:
    role = json.loads((INFRA / "kubernetes-role.json").read_text())
    assert set(role["bound_service_account_names"]) == set(database_roles()) - {"operator"}
    pods = {
        each["metadata"]["namespace"]
        for split in ("one", "three", "each")
        for each in rendered(OVERLAYS / split)
        if each["kind"] == "Deployment"
    }
    assert set(role["bound_service_account_namespaces"]) == pods


@pytest.mark.parametrize("split", ["one", "three", "each"])
def test_external_secrets_may_read_what_the_manifests_name_and_no_secret_of_the_list(
    bao: Bao, split: str
) -> None:
    asked = {
        one["remoteRef"]["key"]
        for each in rendered(OVERLAYS / split)
        if each["kind"] == "ExternalSecret"
        for one in each["spec"]["data"]
    }
    assert asked
    token = bao.token_file([add_policy(bao, "external-secrets")]).read_text()
    for key in asked:
        answer = httpx.get(
            f"{bao.address}/v1/secret/data/{key}", headers={"x-vault-token": token}, timeout=20
        )
        assert answer.status_code == 404, key
    for key in ("tallystick/production/smtp", "tallystick-known/production/key"):
        with pytest.raises(httpx.HTTPStatusError, match="403"):
            bao.ask("GET", f"secret/data/{key}", token=token)
