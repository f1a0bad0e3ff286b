"""Roles of a real PostgreSQL take turns, with a real OpenBao and doubles of three clouds, to a proven end."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tallystick.governance.adapters.secret_kinds import postgres_role
from tallystick.governance.adapters.secret_kinds.chance import Chance
from tallystick.governance.adapters.secret_kinds.postgres_role import PostgresRole, scram_verifier
from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import (
    HomeDenied,
    HomeDown,
    HomeRefused,
    Mark,
    Place,
    Sealed,
    VersionGone,
)
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.service.secrets.acknowledging import acknowledge
from tallystick.governance.service.secrets.knowing import look, turn
from tallystick.governance.service.secrets.opening import ground_of
from tallystick.governance.service.secrets.rotating import Ground, Rotating
from tests.secrets.shut_server import shut_server
from tests.secrets.specs import random_spec, spec_of
from tests.secrets.worlds import Ticking, unfenced

EVERYWHERE = {"development": [], "staging": [], "production": ["aws", "gcp", "azure"]}


@pytest.fixture
async def roles(migrated_url: str) -> AsyncIterator[tuple[str, str]]:
    """Two roles without a login, as an operator makes them once."""
    own = secrets.token_hex(4)
    made = (f"migration_{own}_a", f"migration_{own}_b")
    connection = await asyncpg.connect(migrated_url)
    for role in made:
        await connection.execute(f"CREATE ROLE {role} NOLOGIN")
        await connection.execute(f"GRANT {role} TO CURRENT_USER")
    yield made
    for role in made:
        await connection.execute(f"DROP ROLE {role}")
    await connection.close()


@pytest.fixture
async def ground(homes_file: Path, migrated_url: str, tmp_path: Path) -> AsyncIterator[Ground]:
    url_file = tmp_path / "url"
    url_file.write_text(migrated_url)
    with homes_file.open("a") as file:
        file.write(f'[production.postgres]\nurl_file = "{url_file}"\n')
    async with ground_of(
        homes_file=str(homes_file), environment="production", url="", key=""
    ) as opened:
        yield opened


def logging_in(url: str, value: Sealed) -> str:
    fields, parts = value.reveal(), urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{fields['username']}:{fields['password']}@{host}"))


async def rotated(
    ground: Ground, spec: SecretSpec, place: Place, *, back: bool = False
) -> tuple[Rotation, machine.Action]:
    async with turn(documents=ground.documents, clock=Ticking(), place=place, holder="ada") as mine:
        rotating = Rotating(ground=ground, turn=mine, spec=spec)
        await (rotating.turn_back() if back else rotating.begin())
        return await rotating.run()


async def all_acknowledge(ground: Ground, spec: SecretSpec, place: Place, version: str) -> None:
    newest = await ground.primary.read(place=place)
    assert newest.version == version
    for consumer in spec.consumers:
        await acknowledge(
            documents=ground.documents,
            place=place,
            spec=spec,
            consumer=consumer,
            rotation=newest.mark.rotation,
            at=1,
            value=newest.value,
        )


async def test_two_roles_take_turns_and_the_old_one_is_proven_dead(
    ground: Ground, roles: tuple[str, str], migrated_url: str
) -> None:
    place = Place(environment="production", name=f"login-{secrets.token_hex(4)}")
    spec = spec_of(name=place.name, roles=list(roles), homes=EVERYWHERE)
    # The first one of all has nothing before it.
    state, _ = await rotated(ground, spec, place)
    await all_acknowledge(ground, spec, place, "1")
    state, _ = await rotated(ground, spec, place)
    assert state.step == "done"
    first = (await ground.primary.read(place=place)).value
    assert first.reveal()["username"] == roles[0]
    session = await asyncpg.connect(logging_in(migrated_url, first))

    state, action = await rotated(ground, spec, place)
    assert isinstance(action, machine.Await)
    second = (await ground.primary.read(place=place)).value
    assert second.reveal()["username"] == roles[1]
    for home in ground.copies.values():
        assert (await home.read(place=place)).value == second
    for value in (first, second):
        await (await asyncpg.connect(logging_in(migrated_url, value))).close()
    await all_acknowledge(ground, spec, place, "2")
    state, _ = await rotated(ground, spec, place)
    assert state.step == "done"
    await (await asyncpg.connect(logging_in(migrated_url, second))).close()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(logging_in(migrated_url, first))
    assert session.is_closed()
    for home in (ground.primary, *ground.copies.values()):
        assert [one.is_readable for one in await home.versions(place=place)][1:].count(True) == 0

    # And the other way round, turned back half way.
    await rotated(ground, spec, place)
    third = (await ground.primary.read(place=place)).value
    assert third.reveal()["username"] == roles[0]
    await rotated(ground, spec, place, back=True)
    await all_acknowledge(ground, spec, place, "4")
    state, _ = await rotated_on(ground, spec, place)
    assert state.step == "aborted"
    assert (await ground.primary.read(place=place)).value == second
    await (await asyncpg.connect(logging_in(migrated_url, second))).close()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(logging_in(migrated_url, third))


async def rotated_on(
    ground: Ground, spec: SecretSpec, place: Place
) -> tuple[Rotation, machine.Action]:
    async with turn(documents=ground.documents, clock=Ticking(), place=place, holder="ada") as mine:
        return await Rotating(ground=ground, turn=mine, spec=spec).run()


async def test_what_only_homes_know_is_ended_in_every_home(ground: Ground) -> None:
    place = Place(environment="production", name=f"token-{secrets.token_hex(4)}")
    spec = random_spec(name=place.name, homes=EVERYWHERE)
    await rotated(ground, spec, place)
    await all_acknowledge(ground, spec, place, "1")
    await rotated(ground, spec, place)
    old = {
        home.name: (await home.read(place=place)).version
        for home in (ground.primary, *ground.copies.values())
    }
    await rotated(ground, spec, place)
    await all_acknowledge(ground, spec, place, "2")
    state, _ = await rotated_on(ground, spec, place)
    assert state.step == "done"
    for home in (ground.primary, ground.copies["gcp"], ground.copies["azure"]):
        with pytest.raises(VersionGone):
            await home.read(place=place, version=old[home.name])
    # Nobody calls dead what AWS was asked for by its id, and gave out.
    assert await ground.copies["aws"].read(place=place, version=old["aws"])
    assert state.unproven == "aws gives it out by its id until it deletes it"
    known, _ = await look(documents=ground.documents, place=place)
    ends = [(one.step, one.home) for one in known.outbox if one.version == 2 and not one.is_good]
    assert ends == [("unnamed", "aws")]
    assert "proven_dead" not in [one.step for one in known.outbox if one.version == 2]


async def test_what_is_not_ours_to_alter_is_refused(
    migrated_url: str, roles: tuple[str, str]
) -> None:
    kind, spec = PostgresRole(url=migrated_url), spec_of(roles=list(roles))
    stranger = Sealed({"username": "tallystick_owner", "password": "x"})
    with pytest.raises(HomeRefused, match="none of its roles"):
        await kind.install(spec=spec, value=stranger, fence=unfenced)
    with pytest.raises(HomeRefused, match="a username and a password"):
        await kind.install(spec=spec, value=Sealed({"key": "x"}), fence=unfenced)
    missing = spec_of(roles=["nobody_a", "nobody_b"])
    value = await kind.make(spec=missing, old=None, rotation="r", fence=unfenced)
    with pytest.raises(HomeRefused, match="has no role nobody_a: make it"):
        await kind.install(spec=missing, value=value, fence=unfenced)
    away = PostgresRole(url="postgresql://a:b@127.0.0.1:1/x")
    with pytest.raises(HomeDown, match="does not answer"):
        await away.is_alive(spec=spec, value=value)
    wrong = logging_in(migrated_url, Sealed({"username": roles[0], "password": "wrong"}))
    with pytest.raises(HomeDenied, match="28"):
        await PostgresRole(url=wrong).install(
            spec=spec, value=Sealed({"username": roles[0], "password": "x"}), fence=unfenced
        )


async def test_postgresql_takes_our_verifier_and_no_password_reaches_it(
    migrated_url: str, roles: tuple[str, str]
) -> None:
    kind, spec = PostgresRole(url=migrated_url), spec_of(roles=list(roles))
    value = await kind.make(spec=spec, old=None, rotation="r", fence=unfenced)
    await kind.install(spec=spec, value=value, fence=unfenced)
    assert await kind.is_alive(spec=spec, value=value)
    wrong = Sealed({"username": roles[0], "password": "wrong"})
    assert not await kind.is_alive(spec=spec, value=wrong)
    await kind.revoke_others(
        spec=spec, keep=Sealed({"username": roles[1], "password": "x"}), fence=unfenced
    )
    assert not await kind.is_alive(spec=spec, value=value)
    verifier = scram_verifier("pencil", salt=b"0123456789abcdef")
    assert verifier.startswith("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$")


async def test_a_server_that_lets_nobody_in_from_here_proves_nothing(
    migrated_url: str, roles: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, spec = PostgresRole(url=migrated_url), spec_of(roles=list(roles))
    value = await kind.make(spec=spec, old=None, rotation="r", fence=unfenced)
    await kind.install(spec=spec, value=value, fence=unfenced)
    async with shut_server() as url:
        with pytest.raises(HomeRefused, match="28000"):
            await PostgresRole(url=url).is_alive(spec=spec, value=value)
        # A rule for this role alone: whoever alters roles gets in.
        monkeypatch.setattr(postgres_role, "_as_login", lambda *_: url)
        with pytest.raises(HomeRefused, match=r"pg_hba\.conf"):
            await kind.is_alive(spec=spec, value=value)
        await kind.revoke_others(
            spec=spec, keep=Sealed({"username": roles[1], "password": "x"}), fence=unfenced
        )
        assert not await kind.is_alive(spec=spec, value=value)


async def test_whoever_sleeps_behind_the_fence_alters_no_role_any_more(
    migrated_url: str, roles: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_role, "FENCED_MS", 50)
    kind, spec = PostgresRole(url=migrated_url), spec_of(roles=list(roles))
    value = await kind.make(spec=spec, old=None, rotation="r", fence=unfenced)
    asks = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> $1"
    watching = await asyncpg.connect(migrated_url)

    async def sleeps() -> None:
        for _ in range(400):
            if not await watching.fetchval(asks, watching.get_server_pid()):
                return
            await asyncio.sleep(0.02)

    with pytest.raises(HomeRefused, match="refuses"):
        await kind.install(spec=spec, value=value, fence=sleeps)
    await watching.close()
    assert not await kind.is_alive(spec=spec, value=value)


async def test_chance_is_256_bits_and_never_twice_the_same() -> None:
    kind = Chance()
    drawn = [
        (await kind.make(spec=random_spec(), old=None, rotation="r", fence=unfenced)).reveal()[
            "value"
        ]
        for _ in range(100)
    ]
    assert len(set(drawn)) == 100
    assert {len(one) for one in drawn} == {64}
    key = await kind.make(
        spec=random_spec(kind="webhook_hmac"), old=None, rotation="r", fence=unfenced
    )
    assert key.reveal()["key"].startswith("whsec_")


async def test_two_operators_at_one_openbao_make_one_new_version(ground: Ground) -> None:
    place = Place(environment="production", name=f"token-{secrets.token_hex(4)}")
    spec = random_spec(name=place.name)
    await ground.primary.write(place=place, value=Sealed({"value": "x"}), mark=Mark(version="1"))
    done = await asyncio.gather(
        *(rotated(ground, spec, place) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in done if isinstance(one, HomeRefused)]
    assert len(refused) == 3, done
    assert all("ada" in str(one) or "took this over" in str(one) for one in refused)
    assert len(await ground.primary.versions(place=place)) == 2
