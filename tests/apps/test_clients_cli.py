"""Clients and keys on the command line, before a running platform, as a person and as a machine."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tallystick.identity.model import session_texts
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.clock import Mint, SystemClock
from tests.apps.platform import Running
from tests.identity.signing import Signer


@pytest.fixture(scope="module")
def owner(up: Running) -> str:
    """The session of an owner of the demonstration's tenant, who proved a second factor a moment ago."""
    with up.client() as client:
        tenant_id = tenant_id_of(client.get("/v1/whoami").json()["tenant"])
    mint = Mint(SystemClock())
    person, session = mint.id("per"), mint.id("ses")
    text = session_texts.session_text(session_id=session, secret=secrets.token_bytes(32))
    hashed = session_texts.hash_of(text).hex()
    up.execute(
        f"""
        INSERT INTO identity.person VALUES ({tenant_id}, '{person}', 'Ada', 'active', 0, now());
        INSERT INTO identity.membership (tenant_id, membership_id, holder, role, from_at, given_by,
            given_at)
        VALUES ({tenant_id}, '{mint.id("mem")}', '{person}', 'owner', now(), 'operator', now());
        INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer, methods, device,
            device_known, network, country, started_at, expires_at, mfa_at, stepped_up_at, seen_at)
        VALUES ({tenant_id}, '{session}', '{person}', decode('{hashed}', 'hex'), 'us', '{{pwd,otp}}',
            '', true, '127.0.0.1', '', now(), now() + interval '1 hour', now(), now(), now());
        """
    )
    return text


def test_an_owner_registers_lists_and_ends_a_client(
    up: Running, owner: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(Signer("ES256", kid="one").key_set)
    shown = {"TALLYSTICK_API_KEY": owner}
    made = up.command(
        "client", "create", "Their app", "--keys", str(keys), "--scope", "read_wallets",
        "--redirect", "https://app.example/back", **shown,
    )  # fmt: skip
    assert (made.code, made.err) == (0, "")
    client_id = made.out.split()[2]
    assert client_id.startswith("cli_")
    listed = up.command("client", "list", **shown).out
    assert f"{client_id}  third party  private_key_jwt  Their app" in listed
    assert up.command("client", "end", client_id, **shown).out.startswith(f"{client_id} ended at ")
    assert "ended" in up.command("client", "list", **shown).out


def test_what_is_no_client_is_refused_in_a_line(up: Running, owner: str, tmp_path: Path) -> None:
    shown = {"TALLYSTICK_API_KEY": owner}
    private = tmp_path / "private.json"
    private.write_text(json.dumps({"keys": [Signer("ES256").private_jwk]}))
    long = tmp_path / "long.json"
    long.write_text(" " * 20_000)
    text = tmp_path / "text.json"
    text.write_text("no JSON")
    for arguments, word in (
        (("--keys", str(private)), "private"),
        (("--keys", str(long)), "too long"),
        (("--keys", str(text)), "no JSON"),
        (("--keys", str(tmp_path / "missing")), "No such file"),
        ((), "key_set"),
        (("--thumbprint", "00"), "certificate_thumbprint"),
    ):
        said = up.command("client", "create", "billing", *arguments, **shown)
        assert (said.code, said.out) == (1, ""), arguments
        assert word in said.err
    assert up.command("client", "end", "cli_none", **shown).err.startswith(
        "tallystick: client_not_found"
    )


def test_a_machine_registers_nobody(up: Running, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(Signer("ES256").key_set)
    said = up.command("client", "create", "billing", "--keys", str(keys))
    assert (said.code, said.err.split(":")[1].strip()) == (1, "not_allowed")


def test_a_key_ends_when_it_was_told_to_and_has_no_more_than_its_maker(up: Running) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT00:00:00Z")
    made = up.command("key", "create", "billing", "--expires", until)
    assert made.code == 0, made.err
    assert "roles    cloud_runner machine" in made.out
    assert f"ends     {until[:10]}" in made.out
    assert f"ends {until[:10]}" in up.command("key", "list").out
    more = up.command("key", "create", "billing", "--role", "owner")
    assert (more.code, more.err.split(":")[1].strip()) == (1, "not_allowed")
    late = up.command("key", "create", "billing", "--expires", "2100-01-01T00:00:00Z")
    assert "expires_at" in late.err


def test_an_owner_gives_a_key_other_roles_with_a_second_person(up: Running, owner: str) -> None:
    said = up.command("key", "create", "books", "--role", "bookkeeper", TALLYSTICK_API_KEY=owner)
    assert (said.code, said.err.split(":")[1].strip()) == (1, "approval_needed")
