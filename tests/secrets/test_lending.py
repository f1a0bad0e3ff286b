"""The clouds' credentials are lent by a real OpenBao: what is kept there, and what it leases and takes back."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from tallystick.governance.adapters.lending import _ENGINES, LentByOpenBao, lender_of
from tallystick.governance.model.lending import Credentials, CredentialsAway, Lent
from tests.secrets.bao import Bao
from tests.secrets.database_mount import add_policy

KEPT = "openbao:cloud/{environment}/{cloud}/{purpose}"


@pytest.fixture(scope="module")
def cloud(bao: Bao) -> Iterator[Bao]:
    """OpenBao with credentials at `cloud/`, as infra/openbao says."""
    bao.ask("POST", "sys/mounts/cloud", {"type": "kv", "options": {"version": "1"}})
    add_policy(bao, "applies")
    kept = {"ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "hunter2", "comment": "of the pipeline"}
    bao.ask("POST", "cloud/production/azure/apply", kept)
    bao.ask("POST", "cloud/production/gcp/apply", {"comment": "nothing for anybody"})
    bao.ask("POST", "cloud/staging/aws/apply", {"access_key": "AKIA", "secret_key": "hunter2"})
    yield bao
    bao.ask("DELETE", "sys/mounts/cloud")


@pytest.fixture
async def lender(cloud: Bao) -> AsyncIterator[Callable[..., LentByOpenBao]]:
    async with AsyncExitStack() as stack:

        def made(path: str = KEPT, *, policies: list[str] | None = None) -> LentByOpenBao:
            token = cloud.token_file(policies or ["tallystick-applies"])
            lent = lender_of(
                {
                    "TALLYSTICK_CLOUD_CREDENTIALS": path,
                    "TALLYSTICK_OPENBAO_ADDRESS": cloud.address,
                    "TALLYSTICK_OPENBAO_TOKEN_FILE": str(token),
                }
            )
            assert lent
            stack.push_async_callback(lent.close)
            return lent

        yield made


async def borrow(
    lender: Credentials, cloud: str, environment: str = "production", *, seconds: int = 60
) -> Lent:
    return await lender.lend(
        cloud=cloud, environment=environment, purpose="apply", lease="apl_1", seconds=seconds
    )


async def lend(lender: Credentials, cloud: str, environment: str = "production") -> dict[str, str]:
    lent = await borrow(lender, cloud, environment)
    assert (lent.lease, lent.seconds) == (None, 0)
    return dict(lent.variables)


async def test_what_is_kept_is_lent_as_variables(lender: Callable[..., LentByOpenBao]) -> None:
    assert await lend(lender(), "azure") == {"ARM_CLIENT_ID": "id", "ARM_CLIENT_SECRET": "hunter2"}
    assert await lend(lender(), "aws", "staging") == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
    }


async def test_what_is_not_there_or_not_ours_is_away_and_says_no_value(
    lender: Callable[..., LentByOpenBao], cloud: Bao
) -> None:
    with pytest.raises(CredentialsAway, match="has no credentials at cloud/production/aws/apply"):
        await lend(lender(), "aws")
    with pytest.raises(CredentialsAway, match="0 environment variables"):
        await lend(lender(), "gcp")
    with pytest.raises(CredentialsAway, match="does not let our token") as denied:
        await lend(lender(policies=["default"]), "azure")
    assert "hunter2" not in repr(denied.value)
    with pytest.raises(CredentialsAway, match="does not let our token"):
        await lender(policies=["default"]).take_back(lease="cloud/production/azure/apply/x")


async def test_what_is_leased_is_dead_after_it_was_taken_back(
    lender: Callable[..., LentByOpenBao],
    bao: Bao,
    migrated_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The engines of clouds are plugins; the one of PostgreSQL leases in the same way, so it stands for them here.
    mount = "cloud-production-aws"
    login, password = f"lends_{secrets.token_hex(4)}", secrets.token_hex(16)
    admin = await asyncpg.connect(migrated_url)
    await admin.execute(f"CREATE ROLE {login} LOGIN CREATEROLE PASSWORD '{password}'")
    bao.ask("POST", f"sys/mounts/{mount}", {"type": "database"})
    try:
        address = migrated_url.rpartition("@")[2]
        bao.ask(
            "POST",
            f"{mount}/config/x",
            {
                "plugin_name": "postgresql-database-plugin",
                "allowed_roles": "apply",
                "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{address}?sslmode=disable",
                "username": login,
                "password": password,
            },
        )
        made = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}';"
        ended = 'DROP ROLE "{{name}}";'
        role = {
            "db_name": "x",
            "creation_statements": [made],
            "revocation_statements": [ended],
            "default_ttl": "1h",
        }
        bao.ask("POST", f"{mount}/roles/apply", role)
        bao.ask(
            "PUT",
            "sys/policies/acl/leases",
            {
                "policy": f'path "{mount}/creds/apply" {{ capabilities = ["read"] }}\n'
                'path "sys/leases/renew" { capabilities = ["update"] }\n'
                'path "sys/leases/revoke" { capabilities = ["update"] }'
            },
        )
        lent = lender("openbao:cloud-{environment}-{cloud}/creds/{purpose}", policies=["leases"])
        held = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%-apply-%'"
        with pytest.raises(CredentialsAway, match="0 environment variables"):
            await lend(lent, "aws")
        # What could not be handed on was taken back at once.
        assert await admin.fetchval(held) == 0
        monkeypatch.setitem(_ENGINES["aws"], "username", "AWS_ACCESS_KEY_ID")  # type: ignore[arg-type]
        first, second = await borrow(lent, "aws"), await borrow(lent, "aws")
        assert (first.seconds, first.lease == second.lease) == (3_600, False)
        await lent.take_back(lease=str(first.lease))
        assert (
            await admin.fetchval("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%-apply-%'")
            == (second.variables["AWS_ACCESS_KEY_ID"])
        )
        await lent.take_back(lease=str(second.lease))
        assert await admin.fetchval(held) == 0
        # As long as the longest apply where the engine lets it, and what it lets where it does not.
        for most, seconds in (("0", range(14_400, 14_401)), ("2h", range(7_140, 7_201))):
            bao.ask("POST", f"{mount}/roles/apply", role | {"max_ttl": most})
            third = await borrow(lent, "aws", seconds=14_400)
            told = bao.ask("PUT", "sys/leases/lookup", {"lease_id": third.lease})["data"]["ttl"]
            assert third.seconds in seconds
            assert third.seconds - 60 < told <= third.seconds
            await lent.take_back(lease=str(third.lease))
    finally:
        bao.ask("DELETE", f"sys/mounts/{mount}")
        await admin.execute(f"DROP ROLE {login}")
        await admin.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"TALLYSTICK_CLOUD_CREDENTIALS": "vault:x"}, "such as openbao:cloud"),
        ({"TALLYSTICK_CLOUD_CREDENTIALS": "openbao:cloud/{environment}/{cloud}"}, "such as"),
        ({"TALLYSTICK_CLOUD_CREDENTIALS": KEPT + "/{x}"}, "such as"),
        ({"TALLYSTICK_OPENBAO_ADDRESS": "http://bao.internal"}, "TALLYSTICK_OPENBAO_ADDRESS"),
        ({"TALLYSTICK_OPENBAO_TOKEN_FILE": ""}, "TALLYSTICK_OPENBAO_TOKEN_FILE"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    changes: dict[str, str], reason: str, tmp_path: Path
) -> None:
    good = {
        "TALLYSTICK_CLOUD_CREDENTIALS": KEPT,
        "TALLYSTICK_OPENBAO_ADDRESS": "https://bao.internal:8200",
        "TALLYSTICK_OPENBAO_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert lender_of(good)
    assert lender_of({}) is None
    with pytest.raises(ValueError, match=reason):
        lender_of(good | changes)
