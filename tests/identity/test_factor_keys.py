"""The keys of second factors: made for a development machine, refused when others may read them or none are there."""

import threading
from pathlib import Path

import pytest

from tallystick.apps.identifying import demand_codes_for_development, ring_of
from tallystick.identity.adapters.factor_keys import FactorKeysRefused, read_ring
from tallystick.identity.model.totp import name_of
from tallystick.runtime.configuration import Settings, read_settings


def test_a_development_machine_makes_its_own_once(tmp_path: Path) -> None:
    home, found = tmp_path / "home", []
    threads = [
        threading.Thread(target=lambda: found.append(read_ring("", home=home).first))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == {read_ring("", home=home).first}
    assert [path.name for path in home.iterdir()] == ["factor-keys"]
    assert (home / "factor-keys").stat().st_mode & 0o777 == 0o600


def test_nothing_is_made_elsewhere() -> None:
    with pytest.raises(FactorKeysRefused, match="TALLYSTICK_FACTOR_KEYS"):
        read_ring("", home=None)


def test_a_key_is_told_directly_or_by_a_file_with_the_newest_on_top(tmp_path: Path) -> None:
    older, newer = bytes(32), bytes(range(32))
    assert read_ring(older.hex(), home=None).first == name_of(older)
    path = tmp_path / "keys"
    path.write_text(f"{newer.hex()}\n{older.hex()}\n")
    path.chmod(0o600)
    ring = read_ring(str(path), home=None)
    assert ring.first == name_of(newer)
    sealed, name = read_ring(older.hex(), home=None).seal(b"x", nonce=bytes(12), place={})
    assert ring.open(sealed, key_name=name, place={}) == b"x"


@pytest.mark.parametrize(
    "content", ["", "short\n", "g" * 64, "0" * 63, "0" * 5_000, "0" * 64 + "\n" + "1" * 63]
)
def test_what_is_no_file_of_keys_is_refused_without_saying_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(FactorKeysRefused) as refused:
        read_ring(str(path), home=None)
    assert not content or content[:40] not in str(refused.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("0" * 64)
    path.chmod(0o640)
    with pytest.raises(FactorKeysRefused, match="0600"):
        read_ring(str(path), home=None)


SERVED = {"TALLYSTICK_PUBLIC_URL": "https://bank.example"}


@pytest.mark.parametrize(
    "given", [SERVED, {"TALLYSTICK_ENVIRONMENT": "production"}, {"TALLYSTICK_HOST": "192.0.2.1"}]
)
def test_beyond_this_machine_keys_are_told_and_codes_agree_to_no_money(
    given: dict[str, str],
) -> None:
    with pytest.raises(FactorKeysRefused):
        ring_of(read_settings(given))
    told = read_settings(given | {"TALLYSTICK_FACTOR_KEYS": "00" * 32})
    assert ring_of(told)().first == name_of(bytes(32))
    assert not demand_codes_for_development(told)
    with pytest.raises(ValueError, match="TALLYSTICK_CODES_APPROVE_MONEY"):
        demand_codes_for_development(read_settings(given | {"TALLYSTICK_CODES_APPROVE_MONEY": "1"}))


def test_a_development_machine_reads_keys_when_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path / "home"))
    ring = ring_of(Settings())
    assert not (tmp_path / "home").exists()
    assert ring() is ring()
    assert demand_codes_for_development(read_settings({"TALLYSTICK_CODES_APPROVE_MONEY": "1"}))


def test_passkeys_are_made_for_our_own_address_or_as_told() -> None:
    assert Settings().relying_party == ("localhost", ("http://localhost:8480",))
    assert read_settings(SERVED).relying_party == ("bank.example", ("https://bank.example",))
    told = SERVED | {
        "TALLYSTICK_RP_ID": "bank.example",
        "TALLYSTICK_RP_ORIGINS": "https://console.bank.example, https://bank.example",
    }
    name, pages = read_settings(told).relying_party
    assert (name, pages[0]) == ("bank.example", "https://console.bank.example")
    for page in ("https://evil.example", "https://notbank.example"):
        with pytest.raises(ValueError, match="does not belong"):
            print(read_settings(SERVED | {"TALLYSTICK_RP_ORIGINS": page}).relying_party)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TALLYSTICK_RP_ID", "https://bank.example"),
        ("TALLYSTICK_RP_ID", "Bank.example"),
        ("TALLYSTICK_RP_ORIGINS", "*"),
        ("TALLYSTICK_RP_ORIGINS", "http://bank.example"),
        ("TALLYSTICK_RP_ORIGINS", "https://bank.example/path"),
        ("TALLYSTICK_CODES_APPROVE_MONEY", "yes"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        read_settings({name: text})
