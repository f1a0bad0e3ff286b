"""The file of keys that sign access tokens: made once, read strictly, and quoted nowhere."""

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tallystick.apps.identifying import demand_token_keys, token_keys_file
from tallystick.identity.adapters.token_keys import (
    KEYS_MAX,
    TokenKeys,
    TokenKeysRefused,
    make_token_key,
    read_token_keys,
)
from tallystick.runtime.configuration import Settings, read_settings


def pem(key) -> str:
    """A private key as a file has it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file with this text and mode."""
    path.write_text(text)
    path.chmod(mode)
    return path


def p256() -> str:
    """A key that can sign tokens."""
    return pem(ec.generate_private_key(ec.SECP256R1()))


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "folder" / "token-keys"
    make_token_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    with pytest.raises(FileExistsError):
        make_token_key(path)
    assert path.read_text() == before
    assert [one.name for one in path.parent.iterdir()] == ["token-keys"]


def test_processes_that_start_at_once_agree_on_a_key(tmp_path):
    path, found = tmp_path / "token-keys", []

    def start() -> None:
        found.append(TokenKeys(path, now=lambda: 0).all()[-1].public.kid)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4


def test_keys_stand_in_the_order_of_the_file(tmp_path):
    texts = [p256(), p256()]
    keys = read_token_keys(written(tmp_path / "keys", "".join(texts)))
    assert len({one.public.kid for one in keys}) == 2
    alone = read_token_keys(written(tmp_path / "last", texts[1]))
    assert keys[-1].public.kid == alone[0].public.kid == alone[0].public.thumbprint


def test_a_file_that_is_none_is_refused_and_not_quoted(tmp_path):
    good = p256()
    for place, text in enumerate(
        (
            "",
            "no keys",
            good[:-30],
            good + "more",
            good * (KEYS_MAX + 1),
            pem(ed25519.Ed25519PrivateKey.generate()),
            pem(ec.generate_private_key(ec.SECP384R1())),
            good.replace("MI", "MX", 1),
            "x" * 70_000,
        )
    ):
        with pytest.raises(TokenKeysRefused) as refused:
            read_token_keys(written(tmp_path / f"file-{place}", text))
        assert good.splitlines()[1] not in str(refused.value)
    for mode in (0o640, 0o604):
        with pytest.raises(TokenKeysRefused, match="0600"):
            read_token_keys(written(tmp_path / f"mode-{mode}", good, mode))


def test_a_file_that_cannot_be_used_ends_the_start(tmp_path):
    demand_token_keys(Settings(token_keys=str(tmp_path / "new")))
    assert token_keys_file(Settings(token_keys=str(tmp_path / "new"))).exists()
    with pytest.raises(TokenKeysRefused):
        demand_token_keys(Settings(token_keys=str(written(tmp_path / "bad", "none"))))


def test_settings_of_clients_are_read_strictly():
    read = read_settings({"TALLYSTICK_CLIENT_CERT_HEADER": "127.0.0.1/32 ::1/128"})
    assert [str(one) for one in read.client_cert_header] == ["127.0.0.1/32", "::1/128"]
    for bad in ("1", "127.0.0.1/8", "proxy", " ".join(["10.0.0.0/8"] * 21)):
        with pytest.raises(ValueError, match="TALLYSTICK_CLIENT_CERT_HEADER"):
            read_settings({"TALLYSTICK_CLIENT_CERT_HEADER": bad})
    assert read_settings({}).issuer == "http://127.0.0.1:8480"
    assert read_settings({"TALLYSTICK_PUBLIC_URL": "https://b.example/"}).issuer == (
        "https://b.example"
    )
    for bad in ("b.example", "http://b.example", "https://b.example?x", "https://B.example"):
        with pytest.raises(ValueError, match="TALLYSTICK_PUBLIC_URL"):
            read_settings({"TALLYSTICK_PUBLIC_URL": bad})
