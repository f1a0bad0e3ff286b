"""Four secret managers keep the same promise: a real OpenBao, moto, drongo, and our double of Key Vault."""

import logging
import pickle
import secrets
import tomllib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tallystick.governance.adapters.homes.aws import Amazon
from tallystick.governance.adapters.homes.configured import Opened, open_homes, read_homes
from tallystick.governance.model.homes import (
    Copy,
    Home,
    HomeDenied,
    HomeDown,
    HomeRefused,
    Mark,
    NotThere,
    OtherVersion,
    Place,
    Sealed,
    VersionGone,
)
from tests.doubles.key_vault import KeyVault
from tests.doubles.serving import Answer, Fault
from tests.secrets.bao import Bao
from tests.secrets.database_mount import add_policy

NAMES = ("openbao", "aws", "gcp", "azure")
VALUE = "correct horse battery staple"


def home_of(opened: Opened, name: str) -> Home:
    return (
        opened.primary
        if name == "openbao"
        else next(each for key, each in opened.copies.items() if key == name)
    )


def say(homes_file: Path, name: str, **changes: str) -> None:
    """Change what the file says of one home."""
    known = tomllib.loads(homes_file.read_text())
    known["production"][name] |= changes
    homes_file.write_text(
        "".join(
            f"[production.{one}]\n" + "".join(f'{key} = "{each}"\n' for key, each in at.items())
            for one, at in known["production"].items()
        )
    )


def any_place() -> Place:
    return Place(environment="production", name=f"secret-{secrets.token_hex(4)}")


def one(text: str) -> Sealed:
    return Sealed({"value": text})


@pytest.mark.parametrize("name", NAMES)
async def test_a_home_keeps_versions_and_destroys_them(opened: Opened, name: str) -> None:
    home, place = home_of(opened, name), any_place()
    with pytest.raises(NotThere):
        await home.read(place=place)
    assert await home.versions(place=place) == ()
    first = await home.write(place=place, value=one("first"), mark=Mark(version="1"))
    mark = Mark(version="2", rotation="r1")
    second = await home.write(place=place, value=one(VALUE), mark=mark)
    assert await home.read(place=place) == Copy(version=second, value=one(VALUE), mark=mark)
    assert (await home.read(place=place, version=first)).value == one("first")
    kept = await home.versions(place=place)
    assert [each.version for each in kept] == [second, first]
    await home.destroy(place=place, version=first)
    await home.destroy(place=place, version=first)
    if name == "aws":
        # It takes the name away alone.
        assert (await home.read(place=place, version=first)).value == one("first")
    else:
        with pytest.raises(VersionGone):
            await home.read(place=place, version=first)
    assert home.destroys == (name != "aws")
    assert [each.is_readable for each in await home.versions(place=place)] == [True, False]
    assert (await home.read(place=place)).value == one(VALUE)
    with pytest.raises(VersionGone):
        await home.read(place=place, version="f" * 32 if name == "azure" else "77")


async def test_the_primary_home_writes_by_check_and_set(opened: Opened) -> None:
    place = any_place()
    await opened.primary.write(place=place, value=one("first"), mark=Mark(version="1"))
    for version in ("1", "3"):
        with pytest.raises(OtherVersion, match="nothing was written"):
            await opened.primary.write(place=place, value=one("x"), mark=Mark(version=version))
    assert (await opened.primary.read(place=place)).value == one("first")


@pytest.mark.parametrize("name", ["openbao", "gcp", "azure"])
async def test_a_home_that_is_away_is_said_to_be_down(
    homes_file: Path, name: str, pauses: list[int]
) -> None:
    key = "vault" if name == "azure" else "address"
    say(homes_file, name, **{key: "http://127.0.0.1:1"})
    async with AsyncExitStack() as stack:
        opened = open_homes(
            read_homes(str(homes_file), environment="production"), stack, environment="production"
        )
        home = home_of(opened, name)
        with pytest.raises(HomeDown, match=f"{name} is down.*run the same again"):
            await home.read(place=any_place())
        with pytest.raises(HomeDown):
            await home.write(place=any_place(), value=one(VALUE), mark=Mark(version="1"))
    assert pauses == [2, 4] * 2


async def test_a_home_that_asks_for_patience_gets_it_within_bounds(
    opened: Opened, key_vault: KeyVault, pauses: list[int]
) -> None:
    place = any_place()
    for asked in ("3", "3600"):
        busy = Answer(status=429, headers={"Retry-After": asked})
        key_vault.spoil(Fault(answer=busy, times=1, method="PUT"))
    await home_of(opened, "azure").write(place=place, value=one(VALUE), mark=Mark(version="1"))
    assert pauses == [3, 8]


async def test_aws_that_is_away_or_denies_is_said_to_be_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    away = Amazon(region="eu-central-1", endpoint="http://127.0.0.1:1")
    with pytest.raises(HomeDown, match="aws is down"):
        await away.read(place=any_place())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    nobody = Amazon(region="eu-central-1", endpoint="http://127.0.0.1:1")
    with pytest.raises(HomeDenied, match="finds no credentials"):
        await nobody.read(place=any_place())


@pytest.mark.parametrize("name", ["openbao", "azure"])
async def test_a_token_that_is_not_known_is_denied(
    opened: Opened, homes_file: Path, name: str
) -> None:
    wrong = homes_file.with_name("wrong")
    wrong.write_text("s.wrong")
    say(homes_file, name, token_file=str(wrong))
    async with AsyncExitStack() as stack:
        homes = read_homes(str(homes_file), environment="production")
        denied = home_of(open_homes(homes, stack, environment="production"), name)
        with pytest.raises(HomeDenied, match="look at where it is from, its end and its policy"):
            await denied.read(place=any_place())
        wrong.unlink()
        with pytest.raises(HomeDenied, match="no token can be read"):
            await denied.read(place=any_place())


async def test_the_policies_of_openbao_are_enough_and_no_more(bao: Bao, homes_file: Path) -> None:
    for name, may_write in (("operators", True), ("consumers", False)):
        token = bao.token_file([add_policy(bao, name)], entity="ledger")
        say(homes_file, "openbao", token_file=str(token), prefix="tallystick")
        async with AsyncExitStack() as stack:
            homes = read_homes(str(homes_file), environment="production")
            home, place = open_homes(homes, stack, environment="production").primary, any_place()
            if may_write:
                known = place
                await home.write(place=place, value=one("x"), mark=Mark(version="1"))
                await home.write(place=place, value=one("y"), mark=Mark(version="2"))
                await home.destroy(place=place, version="1")
                assert len(await home.versions(place=place)) == 2
                await home.put(f"{place}/known", {"a": 1}, after=0)
            else:
                assert (await home.read(place=known)).value == one("y")
                await home.put(f"{known}/acknowledged/ledger", {"rotation": "r", "at": 1}, after=0)
                for refused in (
                    home.write(place=known, value=one("z"), mark=Mark(version="3")),
                    home.destroy(place=known, version="2"),
                    home.put(f"{known}/known", {"a": 2}, after=1),
                    home.put(f"{known}/acknowledged/on-call", {"rotation": "r"}, after=0),
                    home.fetch("production/digest-key"),
                ):
                    with pytest.raises(HomeDenied):
                        await refused


async def test_a_vault_that_answers_500_once_is_asked_again(
    opened: Opened, key_vault: KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, place = opened.copies["azure"], any_place()
    await home.write(place=place, value=one(VALUE), mark=Mark(version="1"))
    key_vault.spoil(Fault(answer=Answer(status=503), times=2))
    assert (await home.read(place=place)).value == one(VALUE)
    key_vault.spoil(Fault(answer=Answer(status=500), times=1))
    with pytest.raises(HomeDown, match="answers 500"):
        await home.write(place=place, value=one("x"), mark=Mark(version="2"))
    assert (await home.read(place=place)).value == one(VALUE)


@pytest.mark.parametrize("name", NAMES)
async def test_no_value_is_in_what_is_said_shown_or_logged(
    opened: Opened, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="tallystick")
    home, place = home_of(opened, name), any_place()
    value = one(VALUE)
    await home.write(place=place, value=value, mark=Mark(version="1"))
    copy = await home.read(place=place)
    shown = [repr(value), str(value), repr(copy), f"{copy}", repr(home), repr(vars(home))]
    with pytest.raises(HomeRefused) as refused:
        await home.write(
            place=place, value=Sealed({"value": VALUE * 1_000}), mark=Mark(version="2")
        )
    shown += [repr(refused.value), str(refused.value.args), caplog.text]
    assert not any("horse" in each for each in shown)


def test_a_sealed_value_does_not_slip_out() -> None:
    value = one(VALUE)
    for slip in (lambda: pickle.dumps(value), lambda: {value: 1}, lambda: vars(value)):
        with pytest.raises(TypeError):
            slip()
    assert value.digest(key=b"a", secret="x") != value.digest(key=b"b", secret="x")
    assert value.digest(key=b"a", secret="x") != value.digest(key=b"a", secret="y")
    assert value != one("another")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[production.openbao]\naddress = 1", "cannot be read"),
        ("[production", "cannot be read"),
        ("[staging.openbao]\naddress = 'https://a'\ntoken_file = 'b'", "none for production"),
        (
            "[production.openbao]\naddress = 'https://a'\ntoken_file = 'b'\npassword = 'c'",
            "unknown field",
        ),
        ("[production.openbao]\naddress = 'http://bao.internal'\ntoken_file = 'b'", "over https"),
    ],
)
async def test_a_file_of_homes_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "homes.toml"
    path.write_text(text)
    async with AsyncExitStack() as stack:
        with pytest.raises(ValueError, match=reason):
            _opened(path, stack)
        with pytest.raises(ValueError, match="cannot read"):
            _opened(tmp_path / "none", stack)
        with pytest.raises(ValueError, match="names no file"):
            read_homes("", environment="production")


def _opened(path: Path, stack: Any) -> Opened:
    return open_homes(
        read_homes(str(path), environment="production"), stack, environment="production"
    )
